"""The steps that bring an account to what an environment needs: a closed union. Each is one write, safe to repeat."""

from __future__ import annotations

import hashlib
from typing import ClassVar, Literal

from msgspec import Struct

from deployer.account.requirements import Principal
from deployer.core.advice import Note, Problem
from deployer.core.cause import Cause
from deployer.core.change import RepositoryChange
from deployer.core.policies.documents import ISSUER


class _Step(Struct, frozen=True, kw_only=True):
    """`symbol` is "+" for what is created, "~" for what is changed; `line` is the manifest line that asks for it."""

    group: ClassVar[str] = "Access"
    symbol: Literal["+", "~"]
    causes: tuple[Cause, ...]
    line: str = ""


class CreateProvider(_Step, frozen=True):
    """The account learns to believe GitHub's tokens. It has one such provider, whatever its environments."""

    account: str

    @property
    def address(self) -> str:
        return f"provider {ISSUER}"


class CreatePrincipal(_Step, frozen=True):
    """A role with its trust, or a user without keys."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"{self.principal.kind} {self.principal.name}"


class PutTrust(_Step, frozen=True):
    """The trust of a role of ours, written again."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"trust {self.principal.name}"


class PutPolicy(_Step, frozen=True):
    """The policy of this environment: inside a role, beside a user."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"policy {self.principal.name}"


class AttachPolicy(_Step, frozen=True):
    """A user's policy takes effect."""

    principal: Principal

    @property
    def address(self) -> str:
        return f"attach {self.principal.name}"


AccessStep = CreateProvider | CreatePrincipal | PutTrust | PutPolicy | AttachPolicy
Step = RepositoryChange | AccessStep


class Steps(Struct, frozen=True):
    """What there is to do, in the order it is done; what is in its way; what is as it should be; what else to know."""

    environment: str
    steps: tuple[Step, ...]
    blockers: tuple[Problem, ...]
    settled: tuple[Note, ...]
    notes: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """12 hex digits: the consent to exactly these steps, with the documents they write."""
        return hashlib.sha256(repr((self.environment, self.steps)).encode()).hexdigest()[:12]
