"""The JSON of `check`."""

from __future__ import annotations

from msgspec import Struct


class Problem(Struct, frozen=True):
    """A problem at a position of a manifest; `line` and `col` count from 1.

    `source` is that line as far as it may be shown, with `***` for the rest; `caret` is the offset in it, from 0.
    """

    file: str
    line: int
    col: int
    what: str
    why: str = ""
    fix: str = ""
    source: str = ""
    caret: int = 0


class ValidManifest(Struct, frozen=True):
    """A manifest without a problem: its file's digest, how many variables it names, and what could not be checked.

    `notes` is what may surprise, as text.
    """

    file: str
    environment: str
    sha256: str
    secrets: int
    literals: int
    unchecked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class CheckDocument(Struct, frozen=True):
    """Manifests that were read. `manifests` is left out when there is a problem."""

    problems: tuple[Problem, ...]
    manifests: tuple[ValidManifest, ...] = ()
