"""`deployer status ENV`: show whether users are served, which release runs, and what waits."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct
from msgspec.structs import replace

from deployer.apps.app import App
from deployer.aws import ledger
from deployer.aws.errors import explain
from deployer.core import health, rollback
from deployer.core.desired import Desired
from deployer.core.health import Answer
from deployer.core.observed import Observed, ObservedService
from deployer.core.readiness import Readiness
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease, last_healthy
from deployer.core.target import ServiceStatus
from deployer.core.trouble import (
    AutomaticDeployments,
    FailedDeployment,
    ImageGone,
    NoService,
    OtherImage,
    ServiceNotCreated,
    Trouble,
    UndeclaredPause,
)
from deployer.environment.open import Environment, open_usable_environment
from deployer.errors import DeployerError, StatusUnknown
from deployer.resources.plan import Plan
from deployer.resources.waiting import find_waiting
from deployer.run import resume
from deployer.run.follow import Follower
from deployer.run.look import Run
from deployer.run.probe import ask
from deployer.run.ready import read_ready
from deployer.run.running_image import missing_image
from deployer.targets.base import Operation, Progress, RunningOperation
from deployer.targets.registry import RECORDED
from deployer.view.blocker_text import blockers
from deployer.view.details import filled_fields
from deployer.view.documents.status import BlockerSummary, FailureDocument, StatusDocument, TroubleDocument
from deployer.view.health_text import NO_CAUSE, answers, no_line, trouble_text, under_way
from deployer.view.hold_text import since
from deployer.view.lock_text import lock_holder
from deployer.view.progress import Reporter

PROBE_SECONDS = 5.0


class StatusOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. `follow` first waits for the operation that is under way.

    `monitored` is for a monitor, to which an error is a state like others.
    """

    environment: str
    follow: bool = False
    monitored: bool = False


class ServiceReading(Struct, frozen=True):
    """What was read of the service apart from its configuration."""

    operation: Operation | None = None
    answer: Answer | None = None
    readiness: Readiness | None = None
    image_gone: str | None = None


def show_status(options: StatusOptions, report: Reporter) -> StatusDocument:
    """Read everything, and change nothing. Raises as a deployment would when a followed operation failed.

    For a monitor an error that leaves the status unknown is raised as StatusUnknown.
    """
    if not options.monitored:
        return _status(options, report)
    try:
        return _status(options, report)
    except DeployerError as error:
        if error.exit_code != DeployerError.exit_code:
            raise
        raise StatusUnknown(error.what, why=error.why, fix=error.fix) from None
    except (BotoCoreError, ClientError) as error:
        failure = explain(error)
        raise StatusUnknown(failure.what, why=failure.why, fix=failure.fix) from None


def _status(options: StatusOptions, report: Reporter) -> StatusDocument:
    environment = open_usable_environment(options.environment, report, start=False, only_reads=True)
    if options.follow and not _follow(environment):
        report.note("no operation is under way")
    return _read(environment)


def _read(environment: Environment) -> StatusDocument:
    run = environment.run
    if environment.problems:
        run = replace(run, desired=_released(run))
    planned = run.plan()
    service, releases = planned.observed.service, planned.observed.releases
    runs = service.spec.environment.get(RELEASE_VARIABLE) if service else None
    entry = next((entry for entry in reversed(releases) if entry.release.id == runs), None)
    reading = _read_service(run, planned.observed) if service else ServiceReading()
    failed = _failure(run, planned.observed, reading)
    busy = reading.operation is not None and reading.operation.progress is Progress.RUNNING
    # A failed change that was reverted since is shown as history, not as a trouble.
    # An invalid manifest does not show whether it was reverted.
    pending = failed if planned.plan.deployment or environment.problems else None
    name, declared = run.desired.environment, run.desired.paused and not environment.problems
    troubles: tuple[Trouble, ...] = (
        *_paused(planned.plan, service, declared=declared),
        *_troubles(run.app, service, reading, pending, entry),
    )
    state = health.state(
        service.status if service else None, busy=busy, answer=reading.answer, expected=runs or "", troubles=troubles
    )
    lines, report = find_waiting(planned.plan), reading.readiness
    return StatusDocument(
        app=run.desired.app,
        environment=name,
        state=state,
        service=service.status.value if service else None,
        url=run.site.public_url(service.url) if service and service.url else None,
        healthy=health.serves(state, reading.answer, troubles),
        answers=answers(health.serving(state, reading.answer, runs or "", troubles, declared=declared), name),
        troubles=tuple(_described(trouble, name) for trouble in troubles),
        waiting=report.waiting if report else None,
        given_up=report.given_up if report else None,
        oldest_seconds=report.oldest_seconds if report else None,
        failed=failed,
        auto_deployments=service.spec.settings.auto_deployments if service else None,
        release=runs,
        number=entry.number if entry else None,
        image=service.spec.image.partition("@")[2] or service.spec.image if service else None,
        tag=entry.release.tag if entry else None,
        since=entry.release.when if entry else None,
        by=entry.release.who if entry else None,
        operation=_under_way(reading.operation),
        lock=lock_holder(planned.observed.lock) if planned.observed.lock else None,
        hold=since(planned.observed.hold) if planned.observed.hold else None,
        staged=lines.staged,
        drift=lines.drift,
        edits=None if environment.problems else len(lines.edits),
        blocked=() if environment.problems else _blocked(planned.plan),
        manifest_problems=environment.problems,
        declared_paused=None if environment.problems else run.desired.paused,
    )


def _described(trouble: Trouble, environment: str) -> TroubleDocument:
    text = trouble_text(trouble, environment)
    return TroubleDocument(type(trouble).__name__, filled_fields(trouble), text.what, text.fix, trouble.serves)


def _blocked(plan: Plan) -> tuple[BlockerSummary, ...]:
    return tuple(
        BlockerSummary(type(blocker).__name__, text.what, text.fix, text.line)
        for blocker, text in zip(plan.blockers, blockers(plan), strict=True)
    )


def _released(run: Run) -> Desired:
    """What the last healthy release deployed, in place of a manifest with problems."""
    entry = last_healthy(ledger.read(run.session.ssm, run.desired.ledger, RECORDED))
    if entry is None or entry.release.settings is None:
        return run.desired
    return rollback.desired_release(run.desired, entry, with_secrets=False, hold=False)


def _follow(environment: Environment) -> bool:
    """Wait for the operation under way and report its events; False without one. Raises as a deployment would."""
    run = environment.run
    service = run.target.observe(run.desired.service_name)[0]
    operation = run.target.newest_operation(service.arn) if service else None
    if service is None or operation is None or operation.progress is not Progress.RUNNING:
        return False
    started = RunningOperation(service.arn, operation.id)
    run.report.step("attach", _under_way(operation) or "")
    follower = Follower.of(run)
    progress = follower.follow(started, operation.started)
    if progress is not Progress.SUCCEEDED:
        observed = run.observe()
        release = service.spec.environment.get(RELEASE_VARIABLE, "that is not named")
        why = follower.cause(started, operation.started)
        raise resume.failure(progress, release, last_healthy(observed.releases), why, run.desired.target)
    return True


def _read_service(run: Run, observed: Observed) -> ServiceReading:
    service = observed.service
    assert service is not None
    operation = run.target.newest_operation(service.arn)
    gone = missing_image(run.session, observed)
    runs_nothing = service.status in {ServiceStatus.PAUSED, ServiceStatus.CREATE_FAILED}
    if not service.url or runs_nothing:
        return ServiceReading(operation, image_gone=gone)
    busy = operation is not None and operation.progress is Progress.RUNNING
    url, path = run.site.public_url(service.url), service.spec.settings.probe_path
    expected = service.spec.environment.get(RELEASE_VARIABLE, "")
    answer = ask(url, path, expected, header=run.app.release_header, seconds=0.0 if busy else PROBE_SECONDS)
    ready = run.app.readiness
    return ServiceReading(
        operation, answer, read_ready(url, ready.path) if ready and answer.status is not None else None, gone
    )


def _troubles(
    app: App,
    service: ObservedService | None,
    reading: ServiceReading,
    failed: FailureDocument | None,
    entry: RecordedRelease | None,
) -> Iterator[Trouble]:
    """The troubles, worst first."""
    if service is None:
        yield NoService()
        return
    if service.status is ServiceStatus.CREATE_FAILED:
        yield ServiceNotCreated()
    if app.readiness and reading.readiness:
        yield from health.of_readiness(reading.readiness, app.readiness)
    if failed and service.status is not ServiceStatus.CREATE_FAILED:
        yield FailedDeployment(number=failed.number, why=failed.why)
    if reading.image_gone:
        yield ImageGone(number=entry.number if entry else None, image=reading.image_gone)
    if entry and service.spec.image != entry.release.image:
        yield OtherImage(number=entry.number, recorded=entry.release.image, live=service.spec.image)
    if service.spec.settings.auto_deployments:
        yield AutomaticDeployments()


def _paused(plan: Plan, service: ObservedService | None, *, declared: bool) -> Iterator[Trouble]:
    """The trouble of a pause that no manifest declares: a person has to end it."""
    if service is not None and service.status is ServiceStatus.PAUSED and not declared:
        yield UndeclaredPause(deploys=plan.deployment is not None)


def _failure(run: Run, observed: Observed, reading: ServiceReading) -> FailureDocument | None:
    """The newest deployment when it failed; without a ledger, it is known from the service's operation."""
    service, operation = observed.service, reading.operation
    entry = health.last_failure(observed.releases)
    if entry:
        return FailureDocument(entry.number, entry.release.id, entry.release.when, entry.release.why or NO_CAUSE)
    if service is None or service.status is not ServiceStatus.CREATE_FAILED:
        return None
    started = RunningOperation(service.arn, operation.id) if operation else None
    why = Follower.of(run).reason(started, operation.started) if started and operation else ""
    why = why or no_line(run.target.description.title)
    return FailureDocument(None, service.spec.environment.get(RELEASE_VARIABLE), None, why)


def _under_way(operation: Operation | None) -> str | None:
    if operation is None or operation.progress is not Progress.RUNNING:
        return None
    return under_way(operation.kind, operation.id)
