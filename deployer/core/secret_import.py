"""The outcome of an import for each line of a dotenv file, and for each secret that the file lacks."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ImportStatus(StrEnum):
    """The outcome for one variable. Programs read these values, so they never change their meaning."""

    SET = "set"  # it was written
    NEW = "new"  # a check: it would be written, and SSM has none
    OTHER = "other"  # a check: it would replace the one that SSM has
    SAME = "same"  # SSM has the same value
    EMPTY = "empty"  # the file gives no value
    LITERAL = "literal"  # the manifest holds it as a literal
    NOT_NAMED = "not-named"  # the manifest does not name it
    NOT_GIVEN = "not-given"  # a secret of the manifest that the file lacks


class ImportedVariable(Struct, frozen=True, kw_only=True):
    """One variable and its parameter `name`. `version` is the one that was written, None for none.

    `credential` is what the value of another variable than a secret looks like, such as "a Meta access token"; "" for
    none.
    """

    name: str
    status: ImportStatus
    version: int | None = None
    credential: str = ""
