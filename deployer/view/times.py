"""Times for people."""

from __future__ import annotations


def minute(when: str | None) -> str:
    """A time in ISO 8601 and UTC as `2026-11-03 09:12 UTC`; "" where there is none."""
    return f"{when[:16].replace('T', ' ')} UTC" if when else ""
