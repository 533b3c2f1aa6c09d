"""The JSON of `logs`."""

from __future__ import annotations

from msgspec import Struct


class LogLine(Struct, frozen=True):
    """One line of a log. `at` is ISO 8601 in UTC."""

    at: str
    text: str
