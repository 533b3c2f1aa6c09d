"""What a verb prints and what it asks for."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from deployer import secrecy
from deployer.errors import UsageError
from deployer.view.progress import write
from deployer.view.safe import terminal

if TYPE_CHECKING:
    from deployer.core.secret import SecretValue
    from deployer.environment.consent import Consent

LARGEST_FILE = 1024 * 1024  # bytes


def out(text: str, *, colours: bool = False) -> None:
    if text:
        write(text.rstrip("\n") + "\n", sys.stdout, colours=colours)


def colour(stream: object) -> bool:
    """Whether colour may be written: to a terminal that knows it, unless NO_COLOR is set (no-color.org)."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return bool(getattr(stream, "isatty", bool)()) and not plain


def person() -> Callable[[str], str] | None:
    """Asks the person at the terminal; None without a terminal."""
    return _ask if sys.stdin.isatty() else None


def consent(approved: str | None) -> Consent:
    """The consent of the person at the terminal, or the id that was approved before."""
    from deployer.environment.consent import Consent

    return Consent(person(), approved)


def _ask(question: str) -> str:
    """A question on stderr: stdout carries data only."""
    write(question, sys.stderr)
    return sys.stdin.readline()


def show_secret(secret: SecretValue) -> None:
    """The one way on which a secret reaches a screen: `deployer secret show`, at a terminal."""
    value = secret.reveal()
    shown = terminal(value)
    sys.stdout.write(f"{shown}\n")
    if shown != value:
        write("It holds characters that a terminal obeys: they are shown as \\u and four digits.\n", sys.stderr)


def secret_value(file: Path | None) -> Callable[[str], str]:
    """Reads a secret: from the file, from a person who types it twice unseen, or from standard input."""

    def read(prompt: str) -> str:
        text = given(prompt)
        secrecy.remember(text)  # before it is looked at: an error about it must not show it
        return text

    def given(prompt: str) -> str:
        if file is not None:
            return file_text(file)
        if not sys.stdin.isatty():
            return input_text()
        first, second = _typed(prompt), _typed("once more: ")
        if first != second:
            raise UsageError("the two values differ; nothing was changed", fix="run again, and type the same twice")
        return first

    return read


def _typed(prompt: str) -> str:
    """What is typed at the terminal, unseen. Raises UsageError where it would be seen, or nothing is typed."""
    import getpass
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", getpass.GetPassWarning)
            return getpass.getpass(prompt)
    except getpass.GetPassWarning:
        raise UsageError(
            "this terminal would show what is typed; nothing was changed",
            fix="just secret set ENV NAME --file FILE, or give the value to standard input",
        ) from None
    except EOFError:
        raise UsageError("no value was typed; nothing was changed", fix="run again, and type the value") from None


def file_text(file: Path) -> str:
    """Raises UsageError when it cannot be read, is too large, or is not text.

    The name is not repeated: some users give the secret itself instead.
    """
    try:
        with file.open("rb") as opened:
            return _text(opened.read(LARGEST_FILE + 1))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(
            "the file that was named cannot be read; nothing was changed",
            why=why,
            fix="name a file that exists, and that this user may read",
        ) from None


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
