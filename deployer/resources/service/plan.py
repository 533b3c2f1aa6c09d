"""Plan the service: one deployment for everything that containers get only by being deployed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from deployer.core.cause import HIDDEN, Cause, CauseKind, State, text_or_none
from deployer.core.desired import Desired
from deployer.core.observed import Observed, ObservedService
from deployer.core.release import RELEASE_VARIABLE, Release
from deployer.core.service import ServiceSpec, Settings
from deployer.core.target import ServiceStatus
from deployer.resources.part import PlanPart
from deployer.resources.service.blocker import (
    BrokenService,
    BusyService,
    ForeignService,
    NoScalingRevision,
    OtherTarget,
)
from deployer.resources.service.change import (
    CreateScaling,
    DeployService,
    Difference,
    RecordRelease,
    ServiceVariable,
    TagService,
)
from deployer.resources.service.notice import IgnoredKey
from deployer.resources.service.pause import stale_tag
from deployer.resources.service.unmanaged import fixed, lost, notices
from deployer.resources.ssm_parameters.blocker import ParameterInUse
from deployer.resources.ssm_parameters.change import AdoptParameter, ParameterChange, RecreateParameter
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.resources.unions import Blocker, Change, Notice

DEPLOYABLE = {ServiceStatus.RUNNING, ServiceStatus.CREATE_FAILED, ServiceStatus.PAUSED}


def plan_service(
    desired: Desired, observed: Observed, spec: ServiceSpec, release: str, resources: PlanPart, last: Release | None
) -> PlanPart:
    """Plan the service. `spec` is its whole desired state; `last` the recorded release that runs.

    `resources` is the plan of everything that the service uses, and of its own variables.
    """
    live, name, line = observed.service, desired.service_name, desired.lines["service"]
    scaling = _scaling(desired, observed)
    if desired.rollback_to is not None and desired.rollback_target != desired.target.name:
        return PlanPart(blockers=(OtherTarget(desired.rollback_to, desired.rollback_target, line=line),))
    if live is None:
        why = (_missing(last),)
        deploy = DeployService(name, None, spec, release, (), fixed=desired.fixed, symbol="+", causes=why, line=line)
        blockers = (*scaling.blockers, *lost(desired, last), *desired.target.blockers(desired, observed))
        return PlanPart((*scaling.changes, deploy), tuple(ignored(desired)), blockers)
    if blocker := another(desired, live):
        return PlanPart(blockers=(blocker,))
    kept: tuple[Notice, ...] = (*ignored(desired), *notices(desired, live, last))
    blocked = (
        *scaling.blockers,
        *fixed(desired, live),
        *desired.target.blockers(desired, observed),
        *_in_use(desired, live, resources),
    )
    if live.status not in DEPLOYABLE:
        return PlanPart(scaling.changes, kept, (*blocked, _status_blocker(desired, live)))
    changes: list[Change] = [*scaling.changes]
    causes: tuple[Cause, ...]
    if missing := {key: value for key, value in desired.tags.items() if live.tags.get(key) != value}:
        causes = tuple(_untagged(desired, live, last, missing))
        changes.append(TagService(name, live.arn, missing, symbol="~", causes=causes, line=line))
    if stale := stale_tag(desired, live):
        causes = (Cause(kind=CauseKind.RUNS_AGAIN),)
        changes.append(TagService(name, live.arn, stale, symbol="~", causes=causes, line=line))
    if live.spec != spec.over(live.spec) or live.status is ServiceStatus.CREATE_FAILED:
        changes.append(
            DeployService(
                name,
                live.arn,
                spec,
                release,
                _differences(live, spec.over(live.spec), resources, last),
                kept=live.unmodelled,
                symbol="~",
                causes=tuple(_why(desired, live, spec, resources, last)),
                line=line,
            )
        )
    elif last is None or not last.healthy or last.id != release:
        unrecorded = last is None or last.id != release
        kind = CauseKind.UNRECORDED if unrecorded else CauseKind.RECORDED_FAILED
        causes = (Cause(kind=kind, release_id=release),)
        changes.append(RecordRelease(name, release, symbol="+", causes=causes, line=line))
    return PlanPart(tuple(changes), kept, blocked)


def ignored(desired: Desired) -> Iterator[IgnoredKey]:
    """A notice for each key of the manifest that the target does not use; a rollback does not read the manifest's."""
    for unused in desired.ignored if desired.rollback_to is None else ():
        cause = Cause(kind=CauseKind.IGNORED, subject="setting", name=unused.key)
        yield IgnoredKey(unused.key, unused.reason, desired.target.title, cause=cause, line=unused.line)


def _missing(last: Release | None) -> Cause:
    if last is None:
        return Cause(kind=CauseKind.MISSING)
    return Cause(kind=CauseKind.REMOVED, subject="service", recorded=State(value=last.id), release_id=last.id)


def _untagged(
    desired: Desired, live: ObservedService, last: Release | None, missing: Mapping[str, str]
) -> Iterator[Cause]:
    handmade = CauseKind.CREATED_OUTSIDE if _handmade(desired, live) else CauseKind.DIFFERENT
    for key, value in sorted(missing.items()):
        tag = State(value=f"{key}={value}")
        now = State(value=f"{key}={live.tags[key]}") if key in live.tags else None
        if last:
            yield Cause(kind=CauseKind.DRIFT, subject="tag", name=desired.service_name, recorded=tag, live=now)
        else:
            yield Cause(kind=handmade, subject="tag", name=desired.service_name, desired=tag, live=now)


def _scaling(desired: Desired, observed: Observed) -> PlanPart:
    """Where revisions are immutable, reuse a revision with these numbers or create one."""
    revisions, scaling = desired.target.capabilities.scaling_revisions, desired.settings.scaling
    if scaling is None:
        return PlanPart()
    name, line = desired.service_name, desired.lines["service"]
    if any(revision.scaling == scaling for revision in observed.scalings):
        return PlanPart()
    oldest = next((revision.arn for revision in observed.scalings if revision.free), None)
    full = len(observed.scalings) >= revisions
    if full and oldest is None:
        return PlanPart(blockers=(NoScalingRevision(name, revisions, line=line),))
    causes = (Cause(kind=CauseKind.NO_REVISION),)
    create = CreateScaling(name, scaling, oldest if full else None, symbol="+", causes=causes, line=line)
    return PlanPart(changes=(create,))


def _in_use(desired: Desired, live: ObservedService, resources: PlanPart) -> Iterator[ParameterInUse]:
    """The blocker for each parameter that the plan recreates, where every container reads it when it starts."""
    if desired.target.capabilities.secrets_at_start:
        for change in resources.changes:
            if isinstance(change, RecreateParameter) and change.parameter.variable in live.spec.secrets:
                parameter = change.parameter
                yield ParameterInUse(parameter.variable, parameter.name, line=parameter.line)


def _why(
    desired: Desired, live: ObservedService, spec: ServiceSpec, resources: PlanPart, last: Release | None
) -> Iterator[Cause]:
    """The causes: edit when the manifest differs from the release, drift when AWS does, staged when a value waits."""
    if last is None:
        if live.status is ServiceStatus.CREATE_FAILED:
            yield Cause(kind=CauseKind.NEVER_RAN)
        else:
            yield Cause(kind=CauseKind.CREATED_OUTSIDE) if _handmade(desired, live) else desired.edit()
        return
    causes = [
        *_edited(desired, spec, resources, last),
        *_drifted(live, resources, last),
        *_left(resources),
        *([Cause(kind=CauseKind.STAGED)] if any(isinstance(n, StagedVariable) for n in resources.notices) else []),
    ]
    rest = desired.edit() if desired.rollback_to else Cause(kind=CauseKind.PARAMETERS)
    yield from causes or [rest]


def _edited(desired: Desired, spec: ServiceSpec, resources: PlanPart, last: Release) -> Iterator[Cause]:
    now = spec.image, spec.settings, desired.literals, set(resources.versions)
    if now != (last.image, last.settings, dict(last.literals), set(last.versions)):
        yield desired.edit()


def _drifted(live: ObservedService, resources: PlanPart, last: Release) -> Iterator[Cause]:
    """What someone changed: settings of the service with both sides, and whether some of its variables changed."""
    if any(cause.is_drift for change in _values(resources) for cause in change.causes):
        yield Cause(kind=CauseKind.DRIFT, subject="variables")  # the changes of the variables name them
    yield from _outside(live, last)


def _left(resources: PlanPart) -> Iterator[Cause]:
    """The first release that left a parameter behind."""
    left = {CauseKind.LEFT_BY_FAILED, CauseKind.LEFT_BY_UNFINISHED}
    causes = (cause for change in resources.changes for cause in change.causes if cause.kind in left)
    if first := next(causes, None):
        yield Cause(kind=first.kind, release=first.release, release_id=first.release_id)


def _handmade(desired: Desired, live: ObservedService) -> bool:
    """Whether the service lacks the tag that the deployer gives every service it creates."""
    return live.tags.get("managed-by") != desired.tags["managed-by"]


def _outside(live: ObservedService, last: Release) -> Iterator[Cause]:
    """The settings of the service itself that differ from the release; its variables have changes of their own."""
    if live.spec.image != last.image:
        yield _drift("image", "image", State(value=last.image), State(value=live.spec.image))
    if last.settings:
        now = live.spec.settings
        released, live_words = last.settings.over(now).words(), now.words()
        commands = {last.settings.command}
        for name, text in released.items():
            if live_words.get(name) != text:
                recorded, reported = (_readable(name, value, commands) for value in (text, live_words.get(name)))
                yield _drift("setting", name, recorded, reported)
    runs = live.spec.environment.get(RELEASE_VARIABLE)
    if runs != last.id:
        yield _drift("release", RELEASE_VARIABLE, State(value=last.id), text_or_none(runs))


def _drift(subject: str, name: str, recorded: State | None, live: State | None) -> Cause:
    return Cause(kind=CauseKind.DRIFT, subject=subject, name=name, recorded=recorded, live=live)


def another(desired: Desired, live: ObservedService) -> ForeignService | None:
    """The blocker when the service belongs to another environment, as its own tags show.

    The other environment's manifest may be on another branch.
    """
    whose = live.tags.get("app", desired.app), live.tags.get("environment", desired.environment)
    if live.tags.get("managed-by") != desired.tags["managed-by"] or whose == (desired.app, desired.environment):
        return None
    return ForeignService(desired.service_name, live.arn, *whose, line=desired.lines["service"])


def _status_blocker(desired: Desired, live: ObservedService) -> Blocker:
    if live.status is ServiceStatus.BUSY:
        return BusyService(desired.service_name, live.status)
    return BrokenService(desired.service_name, live.status)


def _differences(
    live: ObservedService, spec: ServiceSpec, resources: PlanPart, last: Release | None
) -> tuple[Difference, ...]:
    """The differences that a deployment brings; a setting with its old and new state."""
    old = live.spec
    differences = [Difference("failed-creation")] if live.status is ServiceStatus.CREATE_FAILED else []
    if old.image != spec.image:
        differences.append(Difference("image"))
    moved = {change.address for change in _values(resources)} | {
        notice.variable for notice in resources.notices if isinstance(notice, StagedVariable)
    }
    moved |= _moved(old.environment, spec.environment) | _moved(old.secrets, spec.secrets)
    if names := sorted(moved - {RELEASE_VARIABLE}):
        differences.append(Difference("variables", tuple(names)))
    released = {last.settings.command} if last and last.settings else set()
    differences += _settings(old.settings, spec.settings, {spec.settings.command} | released)
    return tuple(differences) or (Difference("release-id"),)


def _values(resources: PlanPart) -> Iterator[ParameterChange | ServiceVariable]:
    """The changes that give a variable another value; the tag of an adopted parameter is none."""
    for change in resources.changes:
        if isinstance(change, ParameterChange | ServiceVariable) and not isinstance(change, AdoptParameter):
            yield change


def _settings(old: Settings, new: Settings, commands: Collection[str]) -> Iterator[Difference]:
    """Each setting that differs; a command only when it is one of `commands`, which are known not to be secret."""
    before, after = old.words(), new.words()
    for name, text in after.items():
        if before.get(name) != text:
            was = _readable(name, before.get(name), commands)
            yield Difference("setting", (name,), was, _readable(name, text, commands))


def _readable(name: str, text: str | None, commands: Collection[str]) -> State | None:
    """The value of a setting. A start command that was set by hand may hold a credential."""
    if text is None:
        return None
    return HIDDEN if name == "command" and text and text not in commands else State(value=text)


def _moved(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
