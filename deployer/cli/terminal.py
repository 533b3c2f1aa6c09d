"""What a verb prints and what it asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

from deployer.errors import UsageError
from deployer.view.progress import write

LARGEST_FILE = 1024 * 1024  # bytes


def out(text: str) -> None:
    if text:
        write(text.rstrip("\n") + "\n", sys.stdout)


def colour(stream: object) -> bool:
    return bool(getattr(stream, "isatty", bool)()) and not os.environ.get("NO_COLOR")


def person() -> Callable[[str], str] | None:
    """Asks whoever sits at the terminal; None where nobody does."""
    return _ask if sys.stdin.isatty() else None


def _ask(question: str) -> str:
    """A question on stderr: stdout carries data only."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline()


def secret_value(file: Path | None) -> Callable[[str], str]:
    """Reads a secret: from the file, from a person who types it twice unseen, or from standard input."""

    def read(prompt: str) -> str:
        if file is not None:
            return file_text(file)
        if not sys.stdin.isatty():
            return input_text()
        import getpass

        first, second = getpass.getpass(prompt), getpass.getpass("once more: ")
        if first != second:
            raise UsageError("the two differ; nothing was changed")
        return first

    return read


def file_text(file: Path) -> str:
    """Raises UsageError when it cannot be read, is too large, or is not text."""
    try:
        with file.open("rb") as opened:
            return _text(opened.read(LARGEST_FILE + 1))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(f"{file} cannot be read; nothing was changed", why=why) from None


def input_text() -> str:
    """Standard input to its end. Raises UsageError when it is too large, or not text."""
    return _text(sys.stdin.buffer.read(LARGEST_FILE + 1))


def _text(raw: bytes) -> str:
    if len(raw) > LARGEST_FILE:
        raise UsageError("this is more than 1 MiB; nothing was changed")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError("the value is not UTF-8 text; nothing was changed") from None
