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
    ones = [_one(desired, wanted, observed, last) for wanted in desired.parameters]
    versions = {wanted.variable: one.version for wanted, one in zip(desired.parameters, ones, strict=True)}
    marks = {
        wanted.variable: _mark(observed.parameters.get(wanted.path), wanted, one, last)
        for wanted, one in zip(desired.parameters, ones, strict=True)
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
    wanted = {parameter.path for parameter in desired.parameters}
    removals, notices = list[DeleteParameter](), list[Notice]()
    for path in sorted(observed.parameters.keys() - wanted):
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


def _one(desired: Desired, wanted: DesiredParameter, observed: Observed, last: RecordedRelease | None) -> _One:
    found = observed.parameters.get(wanted.path)
    if wanted.restore is not None:
        return _restored(desired, wanted, found, observed.restorable.get(wanted.path, "gone"))
    if wanted.secure:
        if found is None or not found.secure:
            return _secret(desired, wanted, found, last)
    elif found is None or found.secure or found.value != wanted.value:
        return _put(desired, wanted, found, _why(desired, wanted, found, last, observed))
    elif wanted.description not in {None, found.description}:
        edit = desired.edit(
            "description", desired=text_or_none(wanted.description), live=State(value=found.description)
        )
        return _put(desired, wanted, found, (edit,))
    return _One(found.version, change=_adopted(wanted, found, last), notice=_staged(desired, wanted, found, last))


def _adopted(wanted: DesiredParameter, found: ObservedParameter, last: RecordedRelease | None) -> AdoptParameter | None:
    """The change that tags a parameter which never had the deployer's tag, or lost it since the running release."""
    if found.ours:
        return None
    tag = State(value="managed-by=deployer")
    if _held(wanted, last) is None:
        cause = Cause(kind=CauseKind.CREATED_OUTSIDE, subject="tag", name=wanted.path, desired=tag)
    else:
        cause = Cause(kind=CauseKind.DRIFT, subject="tag", name=wanted.path, recorded=tag)
    return AdoptParameter(wanted, symbol="~", causes=(cause,), line=wanted.line)


def _put(
    desired: Desired, wanted: DesiredParameter, found: ObservedParameter | None, causes: tuple[Cause, ...]
) -> _One:
    if found and _is_fixed(wanted, found):
        return _recreated(desired, wanted, found, causes)
    version = found.version + 1 if found else 1
    change = PutParameter(
        wanted,
        version=version,
        old=found.value if found and not wanted.secure else None,
        tier=found.tier if found else "Standard",
        adopts=found is not None and not found.ours,
        symbol="~" if found else "+",
        causes=causes,
        line=wanted.line,
    )
    return _One(version, change=change)


def _is_fixed(wanted: DesiredParameter, found: ObservedParameter) -> bool:
    """Whether PutParameter with Overwrite would not change the parameter's type to the desired type.

    The API reference states this for every type (PutParameter, HierarchyTypeMismatchException). An older version of a
    secret below a plain String proves that this parameter's type was changed: such a secret is overwritten, because the
    value to bring back would be lost with the parameter.
    """
    if wanted.restore is not None:
        return False
    return found.secure != wanted.secure or found.listed is not None or found.data_type != "text"


def _recreated(desired: Desired, wanted: DesiredParameter, found: ObservedParameter, causes: tuple[Cause, ...]) -> _One:
    plain = found.value if found.listed is None else found.listed
    change = RecreateParameter(
        wanted,
        was=found.type if found.data_type == "text" else f"{found.type} of {found.data_type}",
        old=None if wanted.secure else plain,
        kept=replaced_path(desired.ledger, wanted.name),
        tier=found.tier,
        symbol="~",
        causes=causes,
        line=wanted.line,
    )
    return _One(change.version, change=change)


def _secret(
    desired: Desired, wanted: DesiredParameter, found: ObservedParameter | None, last: RecordedRelease | None
) -> _One:
    """Plan a secret that is missing or a plain String: generate it as the manifest describes, or block the plan."""
    held = _held(wanted, last)
    was_literal = last is not None and wanted.variable in last.release.literals
    recorded = None if was_literal else at_version(held, wanted.path)
    sides = _sides(recorded, wanted, found)
    if wanted.origin:
        if found is None:
            kind = CauseKind.MISSING if held is None else CauseKind.REMOVED
        elif was_literal:
            kind = CauseKind.WAS_LITERAL
        else:
            kind = CauseKind.WAS_READABLE if held is None else CauseKind.MADE_READABLE
        cause = Cause(kind=kind, subject="secret", release=desired.rollback_to, **sides)
        return _put(desired, wanted, found, (cause,))
    causes: tuple[Cause, ...] = ()
    if held is not None and not was_literal:
        kind = CauseKind.REMOVED if found is None else CauseKind.MADE_READABLE
        causes = (Cause(kind=kind, subject="secret", name=wanted.variable, **sides),)
    line = "" if desired.rollback_to else wanted.line  # the manifest may not name the secret any more
    blocker: Blocker
    if found is None:
        blocker = UnsetSecret(wanted.variable, wanted.name, causes=causes, line=line)
    else:
        blocker = ReadableSecret(wanted.variable, wanted.name, found.type, causes=causes, line=line)
    return _One(held or 0, blocker=blocker)


def _restored(desired: Desired, wanted: DesiredParameter, found: ObservedParameter | None, state: str) -> _One:
    assert wanted.restore is not None
    if state == "gone" or found is None:
        readable = found is not None and not found.secure
        blocker = LostSecretVersion(wanted.variable, wanted.name, wanted.restore, readable, line=wanted.line)
        return _One(found.version if found else 0, blocker=blocker)
    if state == "same" and found.secure:
        return _One(found.version)
    edit = desired.edit("secret", desired=at_version(wanted.restore, wanted.path), live=_live(wanted, found))
    return _put(desired, wanted, found, (edit,))


def _held(wanted: DesiredParameter, last: RecordedRelease | None) -> int | None:
    """The version that containers hold, as far as the ledger knows."""
    return last.release.versions.get(wanted.variable) if last else None


def _mark(
    found: ObservedParameter | None, wanted: DesiredParameter, one: _One, last: RecordedRelease | None
) -> str | None:
    """A mark for a parameter that has the version of the running release, but was written after it."""
    if last is None or _held(wanted, last) != one.version:
        return None
    if found is None:
        recreated = one.change is not None
    else:
        recreated = isinstance(one.change, RecreateParameter) or found.changed > last.at
    if recreated:
        return f"after release {last.number}"
    return last.release.anew.get(wanted.variable)


def _staged(
    desired: Desired, wanted: DesiredParameter, found: ObservedParameter, last: RecordedRelease | None
) -> Notice | None:
    """The cause for a parameter set since the running release: containers get it with the next deployment."""
    held = _held(wanted, last)
    if last is None or held is None or (held == found.version and found.changed <= last.at):
        return None
    cause = Cause(
        kind=CauseKind.STAGED,
        subject="secret" if wanted.secure else "literal",
        recorded=at_version(held, wanted.path),
        live=at_version(found.version, wanted.path, recreated=held == found.version),
        who=found.changed_by,
        when=found.when,
    )
    at_start = desired.target.capabilities.secrets_at_start
    return StagedVariable(wanted.variable, at_start, cause=cause, line=wanted.line)


def _left_by(
    wanted: DesiredParameter, found: ObservedParameter, releases: Sequence[RecordedRelease], last: RecordedRelease
) -> RecordedRelease | None:
    """The failed release that wrote this version: a failed deployment leaves its parameters behind."""
    if _held(wanted, last) == found.version:
        return None
    later = (entry for entry in reversed(releases) if entry.number > last.number and not entry.release.healthy)
    return next((entry for entry in later if entry.release.versions.get(wanted.variable) == found.version), None)


def _unfinished(
    wanted: DesiredParameter, found: ObservedParameter, intended: Release | None, last: RecordedRelease
) -> Release | None:
    """The release whose run wrote this version and stopped before its deployment ended."""
    if intended is None or intended.id == last.release.id or _held(wanted, last) == found.version:
        return None
    wrote = intended.versions.get(wanted.variable), intended.literals.get(wanted.variable)
    return intended if wrote == (found.version, found.value) else None


def _why(
    desired: Desired,
    wanted: DesiredParameter,
    found: ObservedParameter | None,
    last: RecordedRelease | None,
    observed: Observed,
) -> tuple[Cause, ...]:
    """The causes by a three-way comparison of manifest, running release and AWS: edit, drift, or a conflict of both."""
    if last is None or _held(wanted, last) is None:
        goal = text_or_none(wanted.value)
        return (desired.add("literal", desired=goal) if found is None else _edit(desired, wanted, None, found),)
    value = last.release.literals.get(wanted.variable)
    recorded = at_version(_held(wanted, last), wanted.path) if value is None else State(value=value)
    if found is None:
        return (_literal(CauseKind.REMOVED, recorded, wanted, found),)
    failed = _left_by(wanted, found, observed.releases, last)
    unfinished = None if failed else _unfinished(wanted, found, observed.intended, last)
    if failed or unfinished:
        kind = CauseKind.LEFT_BY_FAILED if failed else CauseKind.LEFT_BY_UNFINISHED
        left = replace(
            _literal(kind, recorded, wanted, found),
            release=failed.number if failed else None,
            release_id=failed.release.id if failed else unfinished.id if unfinished else "",
        )
        return (left,) if wanted.value == value else (_edit(desired, wanted, recorded, found), left)
    if wanted.value == value:
        return (_literal(CauseKind.DRIFT, recorded, wanted, found),)
    if found.value == value:
        return (_edit(desired, wanted, recorded, found),)
    return (replace(_literal(CauseKind.CONFLICT, recorded, wanted, found), release=desired.rollback_to),)


def _edit(desired: Desired, wanted: DesiredParameter, recorded: State | None, found: ObservedParameter) -> Cause:
    goal, live = text_or_none(wanted.value), _live(wanted, found)
    return desired.edit("literal", recorded=recorded, desired=goal, live=live)


def _literal(
    kind: CauseKind, recorded: State | None, wanted: DesiredParameter, found: ObservedParameter | None
) -> Cause:
    return Cause(kind=kind, subject="literal", **_sides(recorded, wanted, found))


class _Sides(TypedDict):
    recorded: State | None
    desired: State | None
    live: State | None
    who: str
    when: str


def _sides(recorded: State | None, wanted: DesiredParameter, found: ObservedParameter | None) -> _Sides:
    return {
        "recorded": recorded,
        "desired": text_or_none(wanted.value),
        "live": _live(wanted, found) if found else None,
        "who": found.changed_by if found else "",
        "when": found.when if found else "",
    }


def _live(wanted: DesiredParameter, found: ObservedParameter) -> State:
    """The live state of a parameter: a literal's value, a StringList as such, else type, version and path."""
    if found.secure:
        return State(version=found.version, path=wanted.path, type="" if wanted.secure else found.type)
    if wanted.secure or (found.value is None and found.listed is None):
        return State(version=found.version, path=wanted.path, type=found.type)
    return State(value=found.value) if found.value is not None else State(value=found.listed, type=found.type)


def _refused(desired: Desired, observed: Observed) -> Iterator[Blocker]:
    """Secrets whose value the service would refuse at its start."""
    seen = observed.inspection.secrets if observed.inspection else {}
    if why := seen.get(""):
        yield RefusedSecrets(why, line=desired.lines["variables"])
    for wanted in desired.parameters:
        if why := seen.get(wanted.variable):
            yield RefusedSecret(wanted.variable, wanted.name, why, line=wanted.line)
