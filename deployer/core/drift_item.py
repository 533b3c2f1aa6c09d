"""One difference between the running release and live AWS, as data."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct

from deployer.core.facts import ParameterFact


class DriftItem(Struct, frozen=True):
    """What differs: `recorded` is what the running release was made with, `live` what AWS holds now.

    `kind` is one of literal, secret, reference, setting, tag, role, repository, lifecycle, image, release or service.
    None for a side means that it has, or had, no such thing. A secret's sides are versions and paths, never values.
    `who` (an ARN or a name) and `when` (ISO 8601 in UTC) are those of the live side, None where AWS does not report
    them: it does for parameters.
    """

    address: str
    kind: str
    recorded: str | None
    live: str | None
    who: str | None = None
    when: str | None = None


def parameter_item(
    address: str, kind: str, recorded: str | None, live: str | None, found: ParameterFact | None
) -> DriftItem:
    """The difference of a parameter, with who changed it last and when."""
    who = (found.changed_by if found else "") or None
    when = found.changed if found else 0.0
    at = datetime.fromtimestamp(when, UTC).isoformat(timespec="seconds") if when else None
    return DriftItem(address, kind, recorded, live, who, at)


def version_at(version: int | None, path: str) -> str | None:
    """A secret as drift shows it: its version and path."""
    return None if version is None else f"v{version} of {path}"
