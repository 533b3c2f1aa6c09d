"""Decode a manifest's bytes, and check its size, its encoding, and invisible characters."""

from __future__ import annotations

import re
from bisect import bisect_right
from pathlib import Path
from typing import Final

from deployer.manifest.problem import Finding, InvalidManifest, Position, Problem
from deployer.manifest.unseen import find_unseen, with_marks

_START: Final = Position(1, 1)
LARGEST_BYTES: Final = 1024 * 1024
_BOM: Final = "\ufeff"
_TAB_INDENT: Final = re.compile(r"^ *\t[ \t]*(?=[^\s#])", re.MULTILINE)
_LINE_BREAK: Final = re.compile(r"\r\n|\r|\n")


def read_file(path: Path) -> bytes:
    """The bytes of a manifest. Raises InvalidManifest when there is no readable file of a sensible size."""
    try:
        if path.is_dir():
            raise _refusal(path, "this is a directory, not a manifest", fix="name a file like env/staging.yaml")
        if path.exists() and not path.is_file():
            raise _refusal(path, "this is not an ordinary file", fix="name a file like env/staging.yaml")
        with path.open("rb") as file:
            raw = file.read(LARGEST_BYTES + 1)
    except FileNotFoundError:
        raise _refusal(path, "there is no such file", fix="check the name; manifests are in env/") from None
    except PermissionError:
        raise _refusal(path, "this file may not be read", fix="check its permissions") from None
    except (OSError, ValueError) as error:
        raise _refusal(path, "this file cannot be read", why=type(error).__name__) from None
    if len(raw) > LARGEST_BYTES:
        raise _refusal(path, "this file is larger than 1 MiB", why="no manifest needs that much")
    return raw


def decode(raw: bytes, path: Path) -> tuple[str, list[Finding]]:
    """The text of a manifest and the problems of its characters.

    The text keeps every position; invisible characters are replaced by '?'. Raises InvalidManifest when the bytes are
    not UTF-8.
    """
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        col = len(raw[raw.rfind(b"\n", 0, error.start) + 1 : error.start].decode(errors="replace")) + 1
        raise _refusal(
            path, "this file is not UTF-8 text", fix="save it as UTF-8 in your editor", at=Position(line, col)
        ) from None
    findings = []
    if text.startswith(_BOM):
        text = text.removeprefix(_BOM)
        findings.append(
            Finding(Position(1, 1), "the file starts with a byte order mark", fix="save it as UTF-8 without BOM")
        )
    starts = line_starts(text)
    findings += [_unseen(match, starts) for match in find_unseen(text)]
    findings += [_tab(text.index("\t", match.start()), starts) for match in _TAB_INDENT.finditer(text)]
    return with_marks(text), findings


def _unseen(match: re.Match[str], starts: list[int]) -> Finding:
    what = f"there is a character here that cannot be seen: U+{ord(match.group()):04X}"
    return Finding(position_of(match.start(), starts), what, fix="delete it")


def _tab(offset: int, starts: list[int]) -> Finding:
    return Finding(
        position_of(offset, starts),
        "a tab indents this line",
        "YAML indents with spaces only",
        "use two spaces for each level",
    )


def split_lines(text: str) -> list[str]:
    """The lines as YAML counts them, without their line breaks."""
    return _LINE_BREAK.split(text)


def line_starts(text: str) -> list[int]:
    """The offset of the first character of each line."""
    return [0, *(match.end() for match in _LINE_BREAK.finditer(text))]


def position_of(offset: int, starts: list[int]) -> Position:
    """The line and column of an offset."""
    line = bisect_right(starts, offset)
    return Position(line, offset - starts[line - 1] + 1)


def _refusal(path: Path, what: str, *, why: str = "", fix: str = "", at: Position = _START) -> InvalidManifest:
    return InvalidManifest([Problem(str(path), at.line, at.col, what, why, fix)])
