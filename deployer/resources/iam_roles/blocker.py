"""What blocks a plan about the roles."""

from __future__ import annotations

from deployer.core.blocker import BaseBlocker


class MissingRole(BaseBlocker, frozen=True):
    """A role that the manifest does not manage does not exist."""

    role: str


class UntrustedRole(BaseBlocker, frozen=True):
    """A role does not let the platform assume it. `principal` is the platform's, such as tasks.amazonaws.com."""

    role: str
    principal: str


class DeniedActions(BaseBlocker, frozen=True):
    """A role does not allow what the platform needs to deploy."""

    role: str
    actions: tuple[str, ...]


RoleBlocker = MissingRole | UntrustedRole | DeniedActions
