"""Delete the roles of an environment: only those that the deployer created and no other environment uses."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from deployer.aws import iam
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.policies.documents import policy_name
from deployer.core.reason import NotOurs, UsedBy
from deployer.manifest.model import Manifest
from deployer.resources.iam_roles.reason import OtherPolicies
from deployer.resources.kind import CollectRemains, Reading
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions


def named_roles(other: Manifest, region: str) -> Iterator[str]:
    """The roles that another manifest names. They are of no region."""
    del region
    yield from other.service.role_names.values()


def remaining_roles(reading: Reading) -> CollectRemains:
    """Read the managed roles that exist, by name."""
    client = reading.session.iam
    roles = {
        role.name: reading.pool.submit(iam.removable, client, role.name, role.policy_name)
        for role in reading.desired.roles
    }

    def collect(remains: Remains) -> Remains:
        existing = {name: role.result() for name, role in roles.items()}
        return replace(remains, roles={name: role for name, role in existing.items() if role})

    return collect


def remove_roles(desired: Desired, remains: Remains, options: RemovalOptions) -> Iterator[Removal | KeptResource]:
    """Decide about each role. Pure."""
    for name, role in sorted(remains.roles.items()):
        stays = name in remains.shared or role.foreign
        if stays and role.ours and role.policy:
            yield Removal("policy", f"{name}/{role.policy}")
        if name in remains.shared:
            yield KeptResource("role", name, UsedBy(remains.shared[name]))
        elif not role.ours:
            yield KeptResource("role", name, NotOurs())
        elif role.foreign:
            yield KeptResource("role", name, OtherPolicies(tuple(role.foreign)))
        else:
            yield Removal("role", name)


def delete_role(session: Session, desired: Desired, removal: Removal) -> None:
    """Delete a role with its policy, or this environment's policy in a role that is kept."""
    if removal.kind == "policy":
        role, _, policy = removal.name.partition("/")
        iam.delete_policy(session.iam, role, policy)
    else:
        iam.delete_role(session.iam, removal.name, policy_name(desired.app, desired.environment))
