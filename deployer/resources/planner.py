"""Make a plan from the desired and the observed state. Pure: the same input gives the same plan."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from deployer.core.blocker import LongRecord
from deployer.core.cause import Cause, CauseKind
from deployer.core.caution import Caution, FailedBefore, NoRelease, Unverified
from deployer.core.desired import Desired
from deployer.core.notice import LeftBehind
from deployer.core.observed import Observed
from deployer.core.release import (
    LEDGER_BYTES,
    RELEASE_VARIABLE,
    RecordedRelease,
    before,
    content_id,
    known_bad,
    last_healthy,
    release_id,
    typical_seconds,
)
from deployer.core.service import ServiceSpec
from deployer.core.target import ServiceStatus
from deployer.resources.hold.change import LiftHold, PlaceHold
from deployer.resources.hold.plan import plan_hold
from deployer.resources.part import PlanPart, Running, joined
from deployer.resources.plan import Plan
from deployer.resources.record import make_record
from deployer.resources.registry import KINDS
from deployer.resources.service.change import DeployService, RecordRelease
from deployer.resources.service.pause import plan_pause
from deployer.resources.service.plan import plan_service
from deployer.resources.service.unmanaged import unmanaged_settings
from deployer.resources.service.variables import plan_service_variables
from deployer.resources.ssm_parameters.notice import StagedVariable
from deployer.resources.unions import Notice


def plan(desired: Desired, observed: Observed, *, prune: bool = False) -> Plan:
    """Plan everything needed to bring `observed` to `desired`, in the order in which it is applied.

    `prune` also deletes parameters that carry the deployer's tag and are no longer desired.
    """
    running = _running(desired, observed)
    kinds = joined(*(kind.plan(desired, observed, running) for kind in KINDS))
    resources = joined(kinds, plan_service_variables(desired, observed, running.service, kinds))
    spec, release = _spec(desired, resources)
    service = plan_service(desired, observed, spec, release, resources, running.service)
    deploys = any(isinstance(change, DeployService) for change in service.changes)
    releases = deploys or any(isinstance(change, RecordRelease) for change in service.changes)
    previous = (
        _healthy_but(observed, release) if releases else before(observed.releases, running.release, with_secrets=False)
    )
    removals = joined(*(kind.prune(desired, observed, previous, prune=prune) for kind in KINDS))
    content = content_id(spec.image, desired.literals, resources.versions, resources.recreated, spec.settings)
    bad = known_bad(observed.releases, content) if deploys else None
    pausing = plan_pause(desired, observed, release, deploys=deploys, releases=releases)
    hold, held = plan_hold(desired, observed, running.release, spec)
    made = Plan(
        target=desired.target,
        app=desired.app,
        environment=desired.environment,
        account=desired.account,
        region=desired.region,
        parameter_path=desired.parameter_path,
        service_name=desired.service_name,
        live=running.release if observed.service else None,
        release=release,
        content=content,
        image=spec.image,
        tag=desired.image.tag,
        versions=resources.versions,
        recreated=resources.recreated,
        changes=(
            *([hold] if isinstance(hold, PlaceHold) else []),  # first: a crash must not leave it out
            *resources.changes,
            *(change for change in service.changes if not isinstance(change, RecordRelease)),
            *([pausing.resume] if pausing.resume else []),
            *(change for change in service.changes if isinstance(change, RecordRelease)),  # after it is seen running
            *removals.changes,
            *([hold] if isinstance(hold, LiftHold) else []),
            *([pausing.pause] if pausing.pause else []),
        ),
        notices=(
            *_still_staged(resources.notices, observed, release),
            *removals.notices,
            *service.notices,
            *_left_behind(desired, running.release),
        ),
        blockers=(
            *([pausing.blocker] if pausing.blocker else []),
            *resources.blockers,
            *service.blockers,
        ),
        warnings=_warnings(observed, bad),
        unchanged=resources.unchanged,
        facts={**observed.named(), "manifest": desired.manifest_sha},
        took=typical_seconds(observed.releases),
        known_bad=bad.number if bad else None,
        rollback_to=desired.rollback_to,
        with_secrets=desired.with_secrets,
        prune=prune,
        hold=observed.hold,
        held=held,
        unmanaged=unmanaged_settings(desired, observed.service) if observed.service else {},
        postponed=pausing.postponed,
    )
    return replace(made, blockers=(*made.blockers, *_too_long(desired, made)))


def _running(desired: Desired, observed: Observed) -> Running:
    """The recorded release that the service reports; if it is not recorded, the last healthy one."""
    live_id = _live_release_id(observed)
    recorded = next((entry for entry in reversed(observed.releases) if entry.release.id == live_id), None)
    release = recorded or last_healthy(observed.releases)
    stays = release if release and release.release.path in {"", desired.parameter_path} else None
    same = (
        stays is not None
        and stays.release.service in {"", desired.service_name}
        and stays.release.target == desired.target.name
    )
    return Running(release, stays, stays.release if stays and same else None)


def _still_staged(notices: Iterable[Notice], observed: Observed, release: str) -> Iterator[Notice]:
    """The notices, without staged values when the containers already hold the release, though no record lists it."""
    held = _live_release_id(observed) == release
    return (notice for notice in notices if not (held and isinstance(notice, StagedVariable)))


def _left_behind(desired: Desired, running: RecordedRelease | None) -> Iterator[LeftBehind]:
    """Notices about what stays because the manifest names another path or another service."""
    if running is None:
        return
    path, name = running.release.path, running.release.service
    cause = Cause(kind=CauseKind.LEFT_BEHIND, release=running.number, release_id=running.release.id)
    if path not in {"", desired.parameter_path}:
        yield LeftBehind("parameters", path, cause=cause)
    if name not in {"", desired.service_name} or running.release.target != desired.target.name:
        yield LeftBehind("service", name, cause=cause)


def _live_release_id(observed: Observed) -> str | None:
    """The id of the release that the service's own variables name."""
    return observed.service.spec.environment.get(RELEASE_VARIABLE) if observed.service else None


def _healthy_but(observed: Observed, release: str) -> RecordedRelease | None:
    """The release to roll back to once `release` is recorded."""
    return last_healthy([entry for entry in observed.releases if entry.release.id != release])


def _spec(desired: Desired, resources: PlanPart) -> tuple[ServiceSpec, str]:
    spec = ServiceSpec(desired.image_identifier(resources.digest), desired.settings, desired.plain, desired.secrets)
    release = release_id(spec, resources.versions, resources.recreated)
    return replace(spec, environment={**desired.plain, RELEASE_VARIABLE: release}), release


def _warnings(observed: Observed, bad: RecordedRelease | None) -> tuple[Caution, ...]:
    cautions: list[Caution] = []
    ran = observed.service is not None and observed.service.status is not ServiceStatus.CREATE_FAILED
    if ran and not observed.releases:
        cautions.append(NoRelease())
    if bad is not None:
        cautions.append(FailedBefore(bad.number, bad.release.why))
    if observed.inspection:
        cautions += [Unverified(check) for check in observed.inspection.unverified]
    return tuple(cautions)


def _too_long(desired: Desired, made: Plan) -> tuple[LongRecord, ...]:
    """The blocker when the ledger cannot hold the release: it could be neither listed nor rolled back to."""
    text = make_record(desired, made, outcome="healthy", operation="-" * 36, who="-" * 200, when="-" * 25, seconds=9999)
    size = len(text.to_text().encode())
    return () if size <= LEDGER_BYTES else (LongRecord(size, LEDGER_BYTES, line=desired.lines["variables"]),)
