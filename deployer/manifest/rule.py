"""The parts of a rule over a manifest's plain data, of which any part may be missing or of the wrong kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final, NamedTuple, TypeGuard

from pydantic import BaseModel

Path = tuple[str, ...]
PRIVATE_WHY: Final = "a private service has no public URL, and Meta cannot send it webhooks"


class BrokenRule(NamedTuple):
    """A rule that does not hold, and the path of the value to change."""

    at: Path
    what: str
    why: str = ""
    fix: str = ""


class KeyReason(StrEnum):
    """Why a target does not use a key of the `service` section."""

    SET_BY_PLATFORM = "set-by-platform"
    NOTHING_LIKE_IT = "nothing-like-it"


REASONS: Final[Mapping[KeyReason, str]] = {  # after the title of the target
    KeyReason.SET_BY_PLATFORM: "sets it itself",
    KeyReason.NOTHING_LIKE_IT: "has nothing like it",
}


class Section(NamedTuple):
    """What a target adds to the format: the type of its `service` section, further rules, and its limits.

    The type gives the keys, their shapes and their descriptions; the schema, the reference and the error messages are
    made from it. `title` is the target's name for people. `unread` is a section that the type accepts, for a reader
    that needs only some of its keys. A plain variable of the service has at most `variable_characters`. `ignored` are
    keys below `service`, such as "health_check.interval", that the type accepts and the target does not use: plans show
    a notice. `refused` are such keys whose use would surprise: `check` refuses them.
    """

    type: type[BaseModel]
    title: str
    broken: Callable[[Mapping[str, object]], Iterator[BrokenRule]]
    unread: Mapping[str, Any]
    variable_characters: int
    ignored: Mapping[str, KeyReason] = {}
    refused: Mapping[str, KeyReason] = {}


def get(data: object, *keys: str) -> object:
    """The value at a path; None where there is none."""
    for key in keys:
        if not isinstance(data, Mapping):
            return None
        data = data.get(key)
    return data


def is_number(value: object) -> TypeGuard[int]:
    """Whether it is a whole number; true and false are not."""
    return isinstance(value, int) and not isinstance(value, bool)
