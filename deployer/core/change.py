"""What all changes have in common. They hold no secret and no text; `resources/unions.py` has them all."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from deployer.core.cause import Cause


class BaseChange(Struct, frozen=True, kw_only=True):
    """`symbol` is "+" for what is created, "~" for what is changed, "-" for what is deleted.

    `causes` are in order of weight; `line` is the line of the manifest that asks for the change, "" when none does.
    """

    symbol: Literal["+", "~", "-"]
    causes: tuple[Cause, ...]
    line: str = ""
