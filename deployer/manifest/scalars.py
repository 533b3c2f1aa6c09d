"""How an unquoted YAML word is read, and which words some YAML reader takes for another value."""

from __future__ import annotations

import re
from typing import Final

Scalar = str | bool | int | None

LONGEST_NUMBER: Final = 15  # digits that a spreadsheet, JavaScript or JSON reader keeps exactly

_NUMBER: Final = re.compile(r"0|-?[1-9][0-9]*")
_EMPTY: Final = frozenset({"", "~", "null", "Null", "NULL"})
_OTHER_BOOLEANS: Final = frozenset({"true", "false", "yes", "no", "on", "off", "y", "n"})
_BENT_STARTS: Final = tuple("+-.=0123456789")  # of the shapes below, which are compiled only for such a word
_DATE: Final = ("a date", r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}([Tt \t].*)?")
_BENT: Final = (
    ("a number with a leading zero", r"[-+]?0[0-9]+"),
    ("a hexadecimal, octal or binary number", r"[-+]?0[xXoObB][0-9A-Fa-f_]+"),
    _DATE,
    ("a time in base 60", r"[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?"),
    ("a number with underscores", r"[-+]?[0-9][0-9_.]*_[0-9_.]*"),
    ("a fraction", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?"),
    ("a power of ten", r"[-+]?[0-9]+[eE][-+]?[0-9]+"),
    ("infinity or not-a-number", r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    ("a signed number", r"\+[0-9]+|-0"),
    ("a default key", r"="),
)


def read_plain(word: str) -> Scalar:
    """The value of an unquoted word: None when empty, true or false, a whole number, else its text."""
    if word in _EMPTY:
        return None
    if word in {"true", "false"}:
        return word == "true"
    if _NUMBER.fullmatch(word) and len(word.lstrip("-")) <= LONGEST_NUMBER:
        return int(word)
    return word


def bent(word: str) -> str | None:
    """What some YAML reader makes of an unquoted word that this one would take as text, or None.

    YAML 1.1 and 1.2 readers disagree about these words (https://yaml.org/type/), so they must be quoted.
    """
    if word in {"true", "false"}:
        return None
    if word.lower() in _OTHER_BOOLEANS:
        return "a boolean"
    if _NUMBER.fullmatch(word):
        return "a number too long to be kept exactly" if len(word.lstrip("-")) > LONGEST_NUMBER else None
    if not word.startswith(_BENT_STARTS):
        return None
    shapes = (_DATE,) if " " in word else _BENT  # only a date may have words after it: "1 vCPU" is text
    return next((what for what, shape in shapes if re.fullmatch(shape, word)), None)
