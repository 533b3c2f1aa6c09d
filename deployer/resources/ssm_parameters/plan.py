"""Plan the parameters: write those that differ, adopt those made by others, delete only when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypedDict

from msgspec import Struct
from msgspec.structs import replace

from deployer.core.blocker import (
    Blocker,
    LostSecretVersion,
    ReadableSecret,
    RefusedSecret,
    RefusedSecrets,
    UnsetSecret,
)
from deployer.core.cause import Cause, CauseKind, State, at_version, text_or_none
from deployer.core.change import AdoptParameter, DeleteParameter, PutParameter, RecreateParameter
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.notice import KeptParameter, Notice, StagedVariable
from deployer.core.observed import Observed, ObservedParameter
from deployer.core.part import PlanPart, Running
from deployer.core.release import RecordedRelease, Release, replaced_path
from deployer.names import variable_or_none


class _One(Struct, frozen=True):
    """What one parameter needs, and which version it will have."""

    version: int
    change: PutParameter | RecreateParameter | AdoptParameter | None = None
    notice: Notice | None = None
    blocker: Blocker | None = None


def plan_parameters(desired: Desired, observed: Observed, running: Running) -> PlanPart:
    """Plan the parameters that the manifest names."""
    last = running.parameters
    ones = [_one(desired, parameter, observed, last) for parameter in desired.parameters]
    versions = {parameter.variable: one.version for parameter, one in zip(desired.parameters, ones, strict=True)}
    marks = {
        parameter.variable: _mark(observed.parameters.get(parameter.path), parameter, one, last)
        for parameter, one in zip(desired.parameters, ones, strict=True)
    }
    return PlanPart(
        changes=tuple(one.change for one in ones if one.change),
        notices=tuple(one.notice for one in ones if one.notice),
        blockers=(*(one.blocker for one in ones if one.blocker), *_refused(desired, observed)),
        versions=versions,
        recreated={variable: mark for variable, mark in marks.items() if mark},
        unchanged=sum(one.change is None and one.blocker is None for one in ones),
    )


def plan_removals(desired: Desired, observed: Observed, previous: RecordedRelease | None, *, prune: bool) -> PlanPart:
    """Plan the deletion of parameters that the manifest does not name, and notices about those that are kept."""
    desired_paths = {parameter.path for parameter in desired.parameters}
    removals, notices = list[DeleteParameter](), list[Notice]()
    for path in sorted(observed.parameters.keys() - desired_paths):
        variable = variable_or_none(path, desired.parameter_path)
        in_service = variable in desired.plain
        gone = Cause(kind=CauseKind.HELD_BY_SERVICE if in_service else CauseKind.UNNAMED, release=desired.rollback_to)
        if path.rpartition("/")[0] != desired.parameter_path:
            notices.append(KeptParameter(path, cause=Cause(kind=CauseKind.DEEPER)))
        elif not observed.parameters[path].ours:
            notices.append(KeptParameter(path, cause=Cause(kind=CauseKind.NOT_OURS)))
        elif previous and variable in previous.release.versions:
            needed = Cause(kind=CauseKind.NEEDED_BY_RELEASE, release=previous.number)
            notices.append(KeptParameter(path, cause=needed, in_service=in_service))
        elif not prune:
            notices.append(KeptParameter(path, cause=gone, in_service=in_service))
        else:
            removals.append(DeleteParameter(path, symbol="-", causes=(gone,)))
    return PlanPart(changes=tuple(removals), notices=tuple(notices))


def _one(desired: Desired, parameter: DesiredParameter, observed: Observed, last: RecordedRelease | None) -> _One:
    live = observed.parameters.get(parameter.path)
    if parameter.restore is not None:
        return _restored(desired, parameter, live, observed.restorable.get(parameter.path, "gone"))
    if parameter.secure:
        if live is None or not live.secure:
            return _secret(desired, parameter, live, last)
    elif live is None or live.secure or live.value != parameter.value:
        return _put(desired, parameter, live, _why(desired, parameter, live, last, observed))
    elif parameter.description not in {None, live.description}:
        edit = desired.edit(
            "description", desired=text_or_none(parameter.description), live=State(value=live.description)
        )
        return _put(desired, parameter, live, (edit,))
    return _One(live.version, change=_adopted(parameter, live, last), notice=_staged(desired, parameter, live, last))


def _adopted(
    parameter: DesiredParameter, live: ObservedParameter, last: RecordedRelease | None
) -> AdoptParameter | None:
    """The change that tags a parameter which never had the deployer's tag, or lost it since the running release."""
    if live.ours:
        return None
    tag = State(value="managed-by=deployer")
    if _held(parameter, last) is None:
        cause = Cause(kind=CauseKind.CREATED_OUTSIDE, subject="tag", name=parameter.path, desired=tag)
    else:
        cause = Cause(kind=CauseKind.DRIFT, subject="tag", name=parameter.path, recorded=tag)
    return AdoptParameter(parameter, symbol="~", causes=(cause,), line=parameter.line)


def _put(
    desired: Desired, parameter: DesiredParameter, live: ObservedParameter | None, causes: tuple[Cause, ...]
) -> _One:
    if live and _is_fixed(parameter, live):
        return _recreated(desired, parameter, live, causes)
    version = live.version + 1 if live else 1
    change = PutParameter(
        parameter,
        version=version,
        old=live.value if live and not parameter.secure else None,
        tier=live.tier if live else "Standard",
        adopts=live is not None and not live.ours,
        symbol="~" if live else "+",
        causes=causes,
        line=parameter.line,
    )
    return _One(version, change=change)


def _is_fixed(parameter: DesiredParameter, live: ObservedParameter) -> bool:
    """Whether PutParameter with Overwrite would not change the parameter's type to the desired type.

    The API reference states this for every type (PutParameter, HierarchyTypeMismatchException). An older version of a
    secret below a plain String proves that this parameter's type was changed: such a secret is overwritten, because the
    value to bring back would be lost with the parameter.
    """
    if parameter.restore is not None:
        return False
    return live.secure != parameter.secure or live.listed is not None or live.data_type != "text"


def _recreated(
    desired: Desired, parameter: DesiredParameter, live: ObservedParameter, causes: tuple[Cause, ...]
) -> _One:
    plain = live.value if live.listed is None else live.listed
    change = RecreateParameter(
        parameter,
        was=live.type if live.data_type == "text" else f"{live.type} of {live.data_type}",
        old=None if parameter.secure else plain,
        kept=replaced_path(desired.ledger, parameter.name),
        tier=live.tier,
        symbol="~",
        causes=causes,
        line=parameter.line,
    )
    return _One(change.version, change=change)


def _secret(
    desired: Desired, parameter: DesiredParameter, live: ObservedParameter | None, last: RecordedRelease | None
) -> _One:
    """Plan a secret that is missing or a plain String: generate it as the manifest describes, or block the plan."""
    held = _held(parameter, last)
    was_literal = last is not None and parameter.variable in last.release.literals
    recorded = None if was_literal else at_version(held, parameter.path)
    sides = _sides(recorded, parameter, live)
    if parameter.origin:
        if live is None:
            kind = CauseKind.MISSING if held is None else CauseKind.REMOVED
        elif was_literal:
            kind = CauseKind.WAS_LITERAL
        else:
            kind = CauseKind.WAS_READABLE if held is None else CauseKind.MADE_READABLE
        cause = Cause(kind=kind, subject="secret", release=desired.rollback_to, **sides)
        return _put(desired, parameter, live, (cause,))
    causes: tuple[Cause, ...] = ()
    if held is not None and not was_literal:
        kind = CauseKind.REMOVED if live is None else CauseKind.MADE_READABLE
        causes = (Cause(kind=kind, subject="secret", name=parameter.variable, **sides),)
    line = "" if desired.rollback_to else parameter.line  # the manifest may not name the secret any more
    blocker: Blocker
    if live is None:
        blocker = UnsetSecret(parameter.variable, parameter.name, causes=causes, line=line)
    else:
        blocker = ReadableSecret(parameter.variable, parameter.name, live.type, causes=causes, line=line)
    return _One(held or 0, blocker=blocker)


def _restored(desired: Desired, parameter: DesiredParameter, live: ObservedParameter | None, state: str) -> _One:
    assert parameter.restore is not None
    if state == "gone" or live is None:
        readable = live is not None and not live.secure
        blocker = LostSecretVersion(
            parameter.variable, parameter.name, parameter.restore, readable, line=parameter.line
        )
        return _One(live.version if live else 0, blocker=blocker)
    if state == "same" and live.secure:
        return _One(live.version)
    edit = desired.edit("secret", desired=at_version(parameter.restore, parameter.path), live=_live(parameter, live))
    return _put(desired, parameter, live, (edit,))


def _held(parameter: DesiredParameter, last: RecordedRelease | None) -> int | None:
    """The version that containers hold, as far as the ledger knows."""
    return last.release.versions.get(parameter.variable) if last else None


def _mark(
    live: ObservedParameter | None, parameter: DesiredParameter, one: _One, last: RecordedRelease | None
) -> str | None:
    """A mark for a parameter that has the version of the running release, but was written after it."""
    if last is None or _held(parameter, last) != one.version:
        return None
    if live is None:
        recreated = one.change is not None
    else:
        recreated = isinstance(one.change, RecreateParameter) or live.changed > last.at
    if recreated:
        return f"after release {last.number}"
    return last.release.recreated.get(parameter.variable)


def _staged(
    desired: Desired, parameter: DesiredParameter, live: ObservedParameter, last: RecordedRelease | None
) -> Notice | None:
    """The cause for a parameter set since the running release: containers get it with the next deployment."""
    held = _held(parameter, last)
    if last is None or held is None or (held == live.version and live.changed <= last.at):
        return None
    cause = Cause(
        kind=CauseKind.STAGED,
        subject="secret" if parameter.secure else "literal",
        recorded=at_version(held, parameter.path),
        live=at_version(live.version, parameter.path, recreated=held == live.version),
        who=live.changed_by,
        when=live.when,
    )
    at_start = desired.target.capabilities.secrets_at_start
    return StagedVariable(parameter.variable, at_start, cause=cause, line=parameter.line)


def _left_by(
    parameter: DesiredParameter, live: ObservedParameter, releases: Sequence[RecordedRelease], last: RecordedRelease
) -> RecordedRelease | None:
    """The failed release that wrote this version: a failed deployment leaves its parameters behind."""
    if _held(parameter, last) == live.version:
        return None
    later = (entry for entry in reversed(releases) if entry.number > last.number and not entry.release.healthy)
    return next((entry for entry in later if entry.release.versions.get(parameter.variable) == live.version), None)


def _unfinished(
    parameter: DesiredParameter, live: ObservedParameter, intended: Release | None, last: RecordedRelease
) -> Release | None:
    """The release whose run wrote this version and stopped before its deployment ended."""
    if intended is None or intended.id == last.release.id or _held(parameter, last) == live.version:
        return None
    wrote = intended.versions.get(parameter.variable), intended.literals.get(parameter.variable)
    return intended if wrote == (live.version, live.value) else None


def _why(
    desired: Desired,
    parameter: DesiredParameter,
    live: ObservedParameter | None,
    last: RecordedRelease | None,
    observed: Observed,
) -> tuple[Cause, ...]:
    """The causes by a three-way comparison of manifest, running release and AWS: edit, drift, or a conflict of both."""
    if last is None or _held(parameter, last) is None:
        goal = text_or_none(parameter.value)
        return (desired.add("literal", desired=goal) if live is None else _edit(desired, parameter, None, live),)
    value = last.release.literals.get(parameter.variable)
    recorded = at_version(_held(parameter, last), parameter.path) if value is None else State(value=value)
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
    return desired.edit("literal", recorded=recorded, desired=goal, live=_live(parameter, live))


def _literal(
    kind: CauseKind, recorded: State | None, parameter: DesiredParameter, live: ObservedParameter | None
) -> Cause:
    return Cause(kind=kind, subject="literal", **_sides(recorded, parameter, live))


class _Sides(TypedDict):
    recorded: State | None
    desired: State | None
    live: State | None
    who: str
    when: str


def _sides(recorded: State | None, parameter: DesiredParameter, live: ObservedParameter | None) -> _Sides:
    return {
        "recorded": recorded,
        "desired": text_or_none(parameter.value),
        "live": _live(parameter, live) if live else None,
        "who": live.changed_by if live else "",
        "when": live.when if live else "",
    }


def _live(parameter: DesiredParameter, live: ObservedParameter) -> State:
    """The live state of a parameter: a literal's value, a StringList as such, else type, version and path."""
    if live.secure:
        return State(version=live.version, path=parameter.path, type="" if parameter.secure else live.type)
    if parameter.secure or (live.value is None and live.listed is None):
        return State(version=live.version, path=parameter.path, type=live.type)
    return State(value=live.value) if live.value is not None else State(value=live.listed, type=live.type)


def _refused(desired: Desired, observed: Observed) -> Iterator[Blocker]:
    """Secrets whose value the service would refuse at its start."""
    refused = observed.inspection.secrets if observed.inspection else {}
    if why := refused.get(""):
        yield RefusedSecrets(why, line=desired.lines["variables"])
    for parameter in desired.parameters:
        if why := refused.get(parameter.variable):
            yield RefusedSecret(parameter.variable, parameter.name, why, line=parameter.line)
