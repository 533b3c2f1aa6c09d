"""The parts of a rule over a manifest's plain data, of which any part may be missing or of the wrong kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, NamedTuple, TypeGuard

Path = tuple[str, ...]
PRIVATE_WHY: Final = "a private service has no public URL, and Meta cannot send it webhooks"


class Broken(NamedTuple):
    """A rule that does not hold, and the path of the value to change."""

    at: Path
    what: str
    why: str = ""
    fix: str = ""


class Section(NamedTuple):
    """What a target adds to the format: the rules of its `service` section, and its limits.

    `unread` is a section that its type accepts, for a reader that needs only some of its keys. A plain variable of the
    service has at most `variable_characters`.
    """

    broken: Callable[[Mapping[str, object]], Iterator[Broken]]
    unread: Mapping[str, Any]
    variable_characters: int


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
