"""The names of exception classes, and text of other programs that is safe to show."""

from __future__ import annotations

import re
from typing import Final

from deployer.secrecy import without_secrets

LONGEST: Final = 300  # characters of text that came from outside
_PASSWORD: Final = re.compile(r"(://[^/\s:@]*:)[^/\s]+@")


def class_names(error: BaseException) -> list[str]:
    """The full names of an exception's class and its base classes, most specific first."""
    return [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]


def outside(text: object) -> str:
    """Text from outside on one line of limited length, without known secrets and passwords in URLs."""
    one_line = " ".join(_PASSWORD.sub(r"\1<not shown>@", without_secrets(str(text))).split())
    return one_line if len(one_line) <= LONGEST else one_line[:LONGEST] + " ..."
