"""The consent to a change: by a person at a terminal, or by the fingerprint of a plan that was read before."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Consent(Struct, frozen=True):
    """The means of consent. `ask` asks a person, None without a terminal. `approved` is the fingerprint of a plan."""

    ask: Callable[[str], str] | None = None
    approved: str | None = None
