"""Read the roles that the manifest manages."""

from __future__ import annotations

from msgspec.structs import replace

from deployer.aws import iam
from deployer.resources.kind import Collect, Reading


def observe_roles(reading: Reading) -> Collect:
    """The trust and inline policies of the managed roles, by name; None for a role that does not exist."""
    client = reading.session.iam
    roles = {
        role.name: reading.pool.submit(iam.read_role, client, role.name, role.policy_name)
        for role in reading.desired.roles
    }
    return lambda observed: replace(observed, roles={name: role.result() for name, role in roles.items()})
