"""Why a parameter is kept when its environment is destroyed."""

from __future__ import annotations

from msgspec import Struct


class BelowThePath(Struct, frozen=True):
    """The parameter's path is below that of the environment's parameters."""
