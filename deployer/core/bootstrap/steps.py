"""The steps that bring an account to what an environment needs: a closed union. Each is one write, safe to repeat."""

from __future__ import annotations

import hashlib
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.core.bootstrap.wanted import Principal
from deployer.core.change import RepositoryChange
from deployer.core.part import Blocker, Notice
from deployer.core.policies.documents import AUDIENCE, ISSUER

USES = {
    "access": "pulls the image",
    "instance": "reads the parameters",
    "deploy": "deploys",
    "plan": "plans",
    "image": "pushes the image",
}


class _Step(Struct, frozen=True, kw_only=True):
    """What every step says of itself: "+" or "~", why, and the line of the manifest that asks for it."""

    group: ClassVar[str] = "Access"
    symbol: Literal["+", "~"]
    reason: str
    line: str = ""


class CreateProvider(_Step, frozen=True):
    """The account learns to believe GitHub's tokens. It has one such provider, whatever its environments."""

    account: str

    @property
    def address(self) -> str:
        return f"provider {ISSUER}"

    @property
    def detail(self) -> str:
        return f"audience {AUDIENCE}"


class CreatePrincipal(_Step, frozen=True):
    """A role with its trust, or a user without keys."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"{self.principal.kind} {self.principal.name}"

    @property
    def detail(self) -> str:
        admits = ", ".join(self.principal.admits) or "no access key yet"
        return f"{USES[self.principal.use]}: {admits}"


class PutTrust(_Step, frozen=True):
    """The trust of a role of ours, written again."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"trust {self.principal.name}"

    @property
    def detail(self) -> str:
        return ", ".join(self.principal.admits)


class PutPolicy(_Step, frozen=True):
    """The policy of this environment: inside a role, beside a user."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"policy {self.principal.name}"

    @property
    def detail(self) -> str:
        return f"{self.principal.policy_name}: {USES[self.principal.use]}"


class AttachPolicy(_Step, frozen=True):
    """A user's policy takes effect."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"attach {self.principal.name}"

    @property
    def detail(self) -> str:
        return self.principal.policy_name


AccessStep = CreateProvider | CreatePrincipal | PutTrust | PutPolicy | AttachPolicy
Step = RepositoryChange | AccessStep


class Steps(Struct, frozen=True):
    """What there is to do, in the order it is done; what is in its way; what is as it should be; what else to know."""

    environment: str
    steps: tuple[Step, ...]
    blockers: tuple[Blocker, ...]
    settled: tuple[Notice, ...]
    notes: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """12 hex digits: the consent to exactly these steps, with the documents they write."""
        return hashlib.sha256(repr((self.environment, self.steps, self.blockers)).encode()).hexdigest()[:12]
