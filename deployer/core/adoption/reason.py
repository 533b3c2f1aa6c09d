"""Why a new manifest does not hold a variable or command of the service, and what to do with it. Closed unions."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

CommandFault = Literal["credential", "not-one-line", "not-words"]  # why no manifest can hold a start command


class NotAllowed(Struct, frozen=True):
    """A rule of manifests forbids the name or the value. `rule` is the text of the rule."""

    rule: str


class UnseenCharacter(Struct, frozen=True):
    """The value holds a character that cannot be seen."""


class RefusedValue(Struct, frozen=True):
    """The service refuses the value. `why` is its own text."""

    why: str


class ReadElsewhere(Struct, frozen=True):
    """The service reads it from another parameter than `path`. `reference` is "" where that may not be shown."""

    reference: str
    path: str


class NoParameter(Struct, frozen=True):
    """The service reads it from a parameter that does not exist."""

    path: str


class BelowThePath(Struct, frozen=True):
    """The parameter's path is below that of the manifest's parameters."""


class NotRead(Struct, frozen=True):
    """The service does not read the parameter."""


class NotSet(Struct, frozen=True):
    """The service has no such variable."""

    service: str


Reason = NotAllowed | UnseenCharacter | RefusedValue | ReadElsewhere | NoParameter | BelowThePath | NotRead | NotSet


class AddVariable(Struct, frozen=True):
    """Add the variable to the manifest once that is written."""

    name: str
    secret: bool
    extra: bool


class RenameVariable(Struct, frozen=True):
    """Rename the variable where it is read, and add it by its new name."""


Fix = AddVariable | RenameVariable


class NotReadNow(Struct, frozen=True):
    """The service does not start without the parameter, and does not read it now."""

    reason: Reason


class NoValue(Struct, frozen=True):
    """The service does not start without the secret, and it has no value at its path."""

    reason: Reason


class WasStringList(Struct, frozen=True):
    """The parameter is a StringList: the first plan makes it a String."""


class Readable(Struct, frozen=True):
    """A secret can be read now: in SSM when it is `stored`, else by everyone who may read the service."""

    stored: bool


class LostDescription(Struct, frozen=True):
    """The parameter's description cannot be repeated, so the parameter loses it."""


Note = NotReadNow | NoValue | WasStringList | Readable | LostDescription
