"""The variables that a new manifest holds, those that it leaves out and why, and those that block it."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.adoption.reason import Fix, Note, Reason


class AdoptedVariable(Struct, frozen=True):
    """A variable of the new manifest; `value` is None for a secret. `unset` marks a secret to set before a plan.

    `extra` marks a variable that the service has no setting for.
    """

    name: str
    value: str | None
    store: str = "parameter"
    description: str = ""
    notes: tuple[Note, ...] = ()
    unset: bool = False
    extra: bool = False


class OmittedVariable(Struct, frozen=True):
    """A variable that the new manifest does not name, why, and what to do with it; None for nothing.

    `name` is "" where it may not be shown. `reaches` means that the service has the variable now, and loses it with the
    next deployment.
    """

    name: str
    reason: Reason
    reaches: bool
    fix: Fix | None = None


class Missing(Struct, frozen=True):
    """A literal without which the service does not start, and for which no usable value was found."""

    name: str
    reason: Reason


class Choice(Struct, frozen=True):
    """Every variable of the service and every parameter below the path, once.

    `check` accepts a manifest of those that are `taken` when nothing is `missing`.
    """

    taken: tuple[AdoptedVariable, ...]
    left: tuple[OmittedVariable, ...]
    missing: tuple[Missing, ...]
