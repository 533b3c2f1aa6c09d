"""Times for people."""

from __future__ import annotations

from datetime import UTC, datetime

from deployer.core.lengths import duration


def minute(when: str | None) -> str:
    """A time in ISO 8601 and UTC as `2026-11-03 09:12 UTC`; "" for none."""
    return f"{when[:16].replace('T', ' ')} UTC" if when else ""


def ago(when: str | None, now: datetime) -> str:
    """A time, relative first: `4 min ago (2026-11-03 09:12 UTC)`.

    A time in the future, which a slow clock can see, is `just now`.
    """
    if not when:
        return ""
    try:
        at = datetime.fromisoformat(when)
    except ValueError:
        return when
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    seconds = (now - at).total_seconds()
    relative = f"{duration(seconds)} ago" if seconds >= 1 else "just now"
    return f"{relative} ({at.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"
