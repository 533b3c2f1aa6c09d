"""The JSON of `add`, `set` and `remove`."""

from __future__ import annotations

from msgspec import Struct


class EditDocument(Struct, frozen=True):
    """The edit of a variable: `same`, `set`, `added` or `removed`, and its line.

    `before` and `after` are its values, None for a secret and where there is none.
    """

    did: str
    file: str
    line: int
    name: str
    before: str | None
    after: str | None
