"""Plan the parameters: write those that differ, adopt those made by others."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from deployer.core.cause import Cause, CauseKind, State, at_version, text_or_none
from deployer.core.desired import Desired, DesiredParameter
from deployer.core.observed import Observed, ObservedParameter
from deployer.core.release import RecordedRelease, replaced_path
from deployer.resources.part import PlanPart, Running
from deployer.resources.ssm_parameters.blocker import (
    LostSecretVersion,
    ReadableSecret,
    RefusedSecret,
    RefusedSecrets,
    UnsetSecret,
)
from deployer.resources.ssm_parameters.causes import compared_states, held_version, literal_causes, live_state
from deployer.resources.ssm_parameters.change import AdoptParameter, PutParameter, RecreateParameter
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.resources.unions import Blocker, Notice


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


def _one(desired: Desired, parameter: DesiredParameter, observed: Observed, last: RecordedRelease | None) -> _One:
    live = observed.parameters.get(parameter.path)
    if parameter.restore is not None:
        return _restored(desired, parameter, live, observed.restorable.get(parameter.path, "gone"))
    if parameter.secure:
        if live is None or not live.secure:
            return _secret(desired, parameter, live, last)
    elif live is None or live.secure or live.value != parameter.value:
        return _put(desired, parameter, live, literal_causes(desired, parameter, live, last, observed))
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
    if held_version(parameter, last) is None:
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
    held = held_version(parameter, last)
    was_literal = last is not None and parameter.variable in last.release.literals
    recorded = None if was_literal else at_version(held, parameter.path)
    sides = compared_states(recorded, parameter, live)
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
    edit = desired.edit(
        "secret", desired=at_version(parameter.restore, parameter.path), live=live_state(parameter, live)
    )
    return _put(desired, parameter, live, (edit,))


def _mark(
    live: ObservedParameter | None, parameter: DesiredParameter, one: _One, last: RecordedRelease | None
) -> str | None:
    """A mark for a parameter that has the version of the running release, but was written after it."""
    if last is None or held_version(parameter, last) != one.version:
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
    held = held_version(parameter, last)
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


def _refused(desired: Desired, observed: Observed) -> Iterator[Blocker]:
    """Secrets whose value the service would refuse at its start."""
    refused = observed.inspection.secrets if observed.inspection else {}
    if why := refused.get(""):
        yield RefusedSecrets(why, line=desired.lines["variables"])
    for parameter in desired.parameters:
        if why := refused.get(parameter.variable):
            yield RefusedSecret(parameter.variable, parameter.name, why, line=parameter.line)
