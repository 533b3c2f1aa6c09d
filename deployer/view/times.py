"""Times for people."""

from __future__ import annotations

from datetime import UTC, datetime


def duration(seconds: float) -> str:
    """A length of time in its largest sensible unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size or (seconds >= size and unit == "min"):
            return f"{int(seconds // size)} {unit}"
    return f"{int(seconds)} s"


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
