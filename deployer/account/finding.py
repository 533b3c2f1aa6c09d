"""What a bootstrap finds besides its steps: what must be fixed, what is as it should be, and notes. Closed unions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from deployer.core.policies.rights import Need
from deployer.core.policies.trust import Stranger

PrincipalKind = Literal["role", "user"]


class _Blocker(Struct, frozen=True, kw_only=True):
    """`line` is the line of the manifest that asks for it."""

    line: str


class NoProvider(_Blocker, frozen=True):
    """The account does not trust GitHub's identity provider. `key` of the manifest lets the deployer create it."""

    key: str


class OtherAudience(_Blocker, frozen=True):
    """GitHub's identity provider is known for other audiences. `arn` is its ARN."""

    arn: str
    audiences: tuple[str, ...]


class ForeignPrincipal(_Blocker, frozen=True):
    """A managed role exists with another trust policy, and without the deployer's tag. `key` names it."""

    principal: PrincipalKind
    name: str
    key: str


class MissingPrincipal(_Blocker, frozen=True):
    """A role or user that the manifest does not manage does not exist. `key` of the manifest names it."""

    principal: PrincipalKind
    name: str
    key: str


class DeniedNeed(_Blocker, frozen=True):
    """A role or user that the manifest does not manage lacks a right."""

    principal: PrincipalKind
    name: str
    need: Need


class MissingTrust(_Blocker, frozen=True):
    """A role does not let an AWS service, or the subject of GitHub's token, assume it."""

    role: str
    admitted: str


class StrangerTrusted(_Blocker, frozen=True):
    """A role for GitHub's jobs can be assumed by others than `admits`."""

    role: str
    stranger: Stranger
    admits: tuple[str, ...]


Blocker = NoProvider | OtherAudience | ForeignPrincipal | MissingPrincipal | DeniedNeed | MissingTrust | StrangerTrusted


class SettledItem(Struct, frozen=True):
    """A thing that is as it should be. `use` is that of a role or user."""

    kind: Literal["repository", "provider", "role", "user"]
    name: str
    use: str = ""

    @property
    def address(self) -> str:
        return f"{self.kind} {self.name}"


class OtherPolicies(Struct, frozen=True, kw_only=True):
    """A managed role or user of GitHub's jobs has policies besides the deployer's."""

    principal: PrincipalKind
    name: str
    policies: tuple[str, ...]


class RightsUnseen(Struct, frozen=True, kw_only=True):
    """The rights of a role or user could not be checked. `why` is the cause."""

    principal: PrincipalKind
    name: str
    why: str


class MoreRights(Struct, frozen=True, kw_only=True):
    """Whether the planning role or user, which runs the code of pull requests, may do more is not checked."""

    principal: PrincipalKind
    name: str


class PassRole(Struct, frozen=True, kw_only=True):
    """Whether the deploying role or user may pass the service's roles cannot be checked."""

    principal: PrincipalKind
    name: str


class SharedPrincipal(Struct, frozen=True, kw_only=True):
    """Other environments use the role or user, too. `if_shared` is the target's text of the consequence, "" for none.

    `key` of the manifest names it, and `use` is its purpose.
    """

    principal: PrincipalKind
    name: str
    use: str
    key: str
    environments: tuple[str, ...]
    if_shared: str


class OperatorPolicy(Struct, frozen=True, kw_only=True):
    """People need this policy to answer what was given up. An administrator creates it and decides who gets it."""

    name: str


Note = OtherPolicies | RightsUnseen | MoreRights | PassRole | SharedPrincipal | OperatorPolicy
