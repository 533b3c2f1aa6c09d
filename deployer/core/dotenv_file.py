"""Read the lines of a dotenv file. A line that cannot be read is never repeated: it may hold a secret."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from dotenv.parser import parse_stream

NO_BINDING: Final = "this line is not NAME=value"
_QUOTED: Final = re.compile(r"""(?:export\s+)?[^=\s]+[ \t]*=[ \t]*(?P<quote>['"])(?P<rest>[^\r\n]*)""")


class Line(NamedTuple):
    """A line of a dotenv file: either a name, with or without a value, or the problem that makes it unreadable."""

    number: int
    name: str | None
    value: str | None
    problem: str = ""


def bindings(text: str) -> Iterator[Line]:
    """Every line that is neither blank nor a comment. A problem repeats nothing of its line."""
    for binding in parse_stream(io.StringIO(text)):
        whole = binding.original.string
        number = binding.original.line + len(whole) - len(whole.lstrip("\r\n"))
        if binding.error:
            yield Line(number, None, None, _problem(whole.strip()))
        elif binding.key is not None:
            missing = "" if binding.value is not None else NO_BINDING
            yield Line(number, binding.key, binding.value, missing)


def _problem(text: str) -> str:
    found = _QUOTED.match(text)
    if found is None:
        return NO_BINDING
    quote = found["quote"]
    if re.search(rf"(?<!\\)(?:\\\\)*{quote}", found["rest"]):
        return f"text follows the quote {quote} that ends the value; put a \\ before a quote inside the value"
    return f"the quote {quote} that begins the value is not closed; end the value with {quote}"
