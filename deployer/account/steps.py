"""The steps that bring an account to what an environment needs: a closed union. Each is one write, safe to repeat."""

from __future__ import annotations

import hashlib
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.account.finding import Blocker, Note, SettledItem
from deployer.account.requirements import Principal
from deployer.core.cause import Cause
from deployer.core.policies.documents import ISSUER
from deployer.resources.ecr_repository.change import RepositoryChange


class _Step(Struct, frozen=True, kw_only=True):
    """`symbol` is "+" for what is created, "~" for what is changed; `line` is the manifest line that asks for it."""

    group: ClassVar[str] = "Access"
    symbol: Literal["+", "~"]
    causes: tuple[Cause, ...]
    line: str = ""


class CreateProvider(_Step, frozen=True):
    """Create GitHub's identity provider, which makes the account trust its tokens. An account has only one."""

    account: str

    @property
    def address(self) -> str:
        return f"provider {ISSUER}"


class CreatePrincipal(_Step, frozen=True):
    """Create a role with its trust policy, or a user without keys."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"{self.principal.kind} {self.principal.name}"


class PutTrust(_Step, frozen=True):
    """Write the trust policy of a managed role again."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"trust {self.principal.name}"


class PutPolicy(_Step, frozen=True):
    """Write the policy of this environment: inside a role, as a policy of its own for a user."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"policy {self.principal.name}"


class AttachPolicy(_Step, frozen=True):
    """Attach a user's policy, so that it takes effect."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"attach {self.principal.name}"


AccessStep = CreateProvider | CreatePrincipal | PutTrust | PutPolicy | AttachPolicy
Step = RepositoryChange | AccessStep


class Steps(Struct, frozen=True):
    """The steps in order, what blocks them, what is as it should be, and notes. `target` is the platform's title."""

    environment: str
    target: str
    steps: tuple[Step, ...]
    blockers: tuple[Blocker, ...]
    settled: tuple[SettledItem, ...]
    notes: tuple[Note, ...]

    @property
    def fingerprint(self) -> str:
        """12 hex digits over the steps with the documents they write: the consent to exactly these."""
        return hashlib.sha256(repr((self.environment, self.steps)).encode()).hexdigest()[:12]
