"""What blocks a plan: a problem that must be fixed before anything is applied. `resources/unions.py` has them all."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.cause import Cause


class BaseBlocker(Struct, frozen=True, kw_only=True):
    """`line` is the line of the manifest, "" when there is none; `causes` show what someone changed in AWS."""

    line: str = ""
    causes: tuple[Cause, ...] = ()


class TargetBlocker(BaseBlocker, frozen=True):
    """What only one target knows as a blocker: a class of its own folder, which its description words."""


class LongRecord(BaseBlocker, frozen=True):
    """The record of the release would not fit into a parameter of `limit` bytes."""

    size: int
    limit: int
