"""The causes of a parameter's change, by a three-way comparison of manifest, running release and AWS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from msgspec.structs import replace

from deployer.core.cause import Cause, CauseKind, State, at_version, text_or_none
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.observed import Observed, ObservedParameter
from deployer.core.release import RecordedRelease, Release


def literal_causes(
    desired: Desired,
    parameter: DesiredParameter,
    live: ObservedParameter | None,
    last: RecordedRelease | None,
    observed: Observed,
) -> tuple[Cause, ...]:
    """The causes by a three-way comparison of manifest, running release and AWS: edit, drift, or a conflict of both."""
    if last is None or held_version(parameter, last) is None:
        goal = text_or_none(parameter.value)
        return (desired.add("literal", desired=goal) if live is None else _edit(desired, parameter, None, live),)
    value = last.release.literals.get(parameter.variable)
    recorded = at_version(held_version(parameter, last), parameter.path) if value is None else State(value=value)
    if live is None:
        return (_literal(CauseKind.REMOVED, recorded, parameter, live),)
    failed = _left_by(parameter, live, observed.releases, last)
    unfinished = None if failed else _unfinished(parameter, live, observed.intended, last)
    if failed or unfinished:
        kind = CauseKind.LEFT_BY_FAILED if failed else CauseKind.LEFT_BY_UNFINISHED
        left = replace(
            _literal(kind, recorded, parameter, live),
            release=failed.number if failed else None,
            release_id=failed.release.id if failed else unfinished.id if unfinished else "",
        )
        return (left,) if parameter.value == value else (_edit(desired, parameter, recorded, live), left)
    if parameter.value == value:
        return (_literal(CauseKind.DRIFT, recorded, parameter, live),)
    if live.value == value:
        return (_edit(desired, parameter, recorded, live),)
    return (replace(_literal(CauseKind.CONFLICT, recorded, parameter, live), release=desired.rollback_to),)


def _edit(desired: Desired, parameter: DesiredParameter, recorded: State | None, live: ObservedParameter) -> Cause:
    goal = text_or_none(parameter.value)
    return desired.edit("literal", recorded=recorded, desired=goal, live=live_state(parameter, live))


def _literal(
    kind: CauseKind, recorded: State | None, parameter: DesiredParameter, live: ObservedParameter | None
) -> Cause:
    return Cause(kind=kind, subject="literal", **compared_states(recorded, parameter, live))


def _left_by(
    parameter: DesiredParameter, live: ObservedParameter, releases: Sequence[RecordedRelease], last: RecordedRelease
) -> RecordedRelease | None:
    """The failed release that wrote this version: a failed deployment leaves its parameters behind."""
    if held_version(parameter, last) == live.version:
        return None
    later = (entry for entry in reversed(releases) if entry.number > last.number and not entry.release.healthy)
    return next((entry for entry in later if entry.release.versions.get(parameter.variable) == live.version), None)


def _unfinished(
    parameter: DesiredParameter, live: ObservedParameter, intended: Release | None, last: RecordedRelease
) -> Release | None:
    """The release whose run wrote this version and stopped before its deployment ended."""
    if intended is None or intended.id == last.release.id or held_version(parameter, last) == live.version:
        return None
    wrote = intended.versions.get(parameter.variable), intended.literals.get(parameter.variable)
    return intended if wrote == (live.version, live.value) else None


def held_version(parameter: DesiredParameter, last: RecordedRelease | None) -> int | None:
    """The version that containers hold, as far as the ledger knows."""
    return last.release.versions.get(parameter.variable) if last else None


class _Sides(TypedDict):
    recorded: State | None
    desired: State | None
    live: State | None
    who: str
    when: str


def compared_states(recorded: State | None, parameter: DesiredParameter, live: ObservedParameter | None) -> _Sides:
    return {
        "recorded": recorded,
        "desired": text_or_none(parameter.value),
        "live": live_state(parameter, live) if live else None,
        "who": live.changed_by if live else "",
        "when": live.when if live else "",
    }


def live_state(parameter: DesiredParameter, live: ObservedParameter) -> State:
    """The live state of a parameter: a literal's value, a StringList as such, else type, version and path."""
    if live.secure:
        return State(version=live.version, path=parameter.path, type="" if parameter.secure else live.type)
    if parameter.secure or (live.value is None and live.listed is None):
        return State(version=live.version, path=parameter.path, type=live.type)
    return State(value=live.value) if live.value is not None else State(value=live.listed, type=live.type)
