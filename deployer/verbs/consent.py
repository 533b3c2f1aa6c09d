"""How a change is agreed to: by a person at a terminal, or by the fingerprint of a plan that was read before."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Consent(Struct, frozen=True):
    """`ask` puts a question to a person, None where there is no terminal. `approved` is the fingerprint of a plan."""

    ask: Callable[[str], str] | None = None
    approved: str | None = None
