"""The roles that the manifest lets the deployer manage, each with the least rights it needs. Pure."""

from __future__ import annotations

from msgspec.structs import replace

from deployer.core.desired import Desired, DesiredRole
from deployer.core.policies.documents import policy_name, service_trust
from deployer.manifest.load import LoadedManifest


def desired_roles(desired: Desired, loaded: LoadedManifest) -> Desired:
    """Add the roles, where the manifest manages them."""
    return replace(desired, roles=managed_roles(desired)) if loaded.manifest.service.manages_roles else desired


def managed_roles(desired: Desired) -> tuple[DesiredRole, ...]:
    """The roles that the target uses, each with the least rights it needs."""
    name = policy_name(desired.app, desired.environment)
    return tuple(
        DesiredRole(role.name, service_trust(role.service), role.policy, name) for role in desired.target.roles(desired)
    )
