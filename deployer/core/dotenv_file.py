"""Read the lines of a dotenv file. A line that cannot be read is never repeated: it may hold a secret."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from dotenv.parser import parse_stream

Problem = Literal["no-binding", "text-after-quote", "open-quote"]
_REFERENCE: Final = re.compile(r"\$\{:-([$\\])\}")
_QUOTED: Final = re.compile(r"""(?:export\s+)?[^=\s]+[ \t]*=[ \t]*(?P<quote>['"])(?P<rest>[^\r\n]*)""")


class Line(NamedTuple):
    """A line of a dotenv file: either a name, with or without a value, or the problem that makes it unreadable.

    `quote` is the quote that begins the value, where the problem is about it.
    """

    number: int
    name: str | None
    value: str | None
    problem: Problem | None = None
    quote: str = ""


def bindings(text: str) -> Iterator[Line]:
    """Every line that is neither blank nor a comment. A problem repeats nothing of its line."""
    for binding in parse_stream(io.StringIO(text)):
        whole = binding.original.string
        number = binding.original.line + len(whole) - len(whole.lstrip("\r\n"))
        if binding.error:
            yield Line(number, None, None, *_problem(whole.strip()))
        elif binding.key is not None:
            if binding.value is None:
                yield Line(number, binding.key, None, "no-binding")
            else:
                yield Line(number, binding.key, _undo_references(binding.value))


def _undo_references(value: str) -> str:
    """The value as it was before `export` wrote it: the parser leaves `${:-$}`, which python-dotenv reads as `$`."""
    return _REFERENCE.sub(r"\1", value)


def _problem(text: str) -> tuple[Problem, str]:
    match = _QUOTED.match(text)
    if match is None:
        return "no-binding", ""
    quote = match["quote"]
    if re.search(rf"(?<!\\)(?:\\\\)*{quote}", match["rest"]):
        return "text-after-quote", quote
    return "open-quote", quote
