"""The recorded releases as a table for people, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from deployer.core.desired import short_tag
from deployer.core.person import person_name
from deployer.core.release import RecordedRelease
from deployer.view.table import render_table
from deployer.view.times import ago

NEWEST = 20
HEADINGS = ("", "number", "when", "who", "commit", "image", "took", "outcome")


def render(
    releases: Sequence[RecordedRelease], live: int | None, *, environment: str, everything: bool, now: datetime
) -> str:
    """One line for each; `live` is the number of the running release, `now` the time that ages are counted to."""
    if not releases:
        return f"{environment} has no recorded release yet."
    shown = list(reversed(releases))[: None if everything else NEWEST]
    rows = [HEADINGS, *(_row(entry, live, now) for entry in shown)]
    lines = [render_table(rows)]
    if len(shown) < len(releases):
        lines.append(f"   {len(releases) - len(shown)} older (--all)")
    return "\n".join(lines)


def _row(entry: RecordedRelease, live: int | None, now: datetime) -> tuple[str, ...]:
    release = entry.release
    outcome = release.outcome + (f": {release.why}" if release.why else "")
    outcome += f", release {release.rollback_to} again" if release.rollback_to else ""
    return (
        "*" if entry.number == live else " ",
        str(entry.number),
        ago(release.when, now),
        person_name(release.who),
        short_tag(release.tag),
        release.digest[7:19],
        f"{release.seconds} s" if release.seconds else "not known",
        outcome + (" (live)" if entry.number == live else ""),
    )
