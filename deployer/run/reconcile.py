"""Apply a plan that was agreed to: lock, observe again, change, wait, probe, record, unlock."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Literal

from botocore.exceptions import ClientError
from msgspec.structs import replace

from deployer.aws import ledger, lock
from deployer.aws.errors import is_refusal
from deployer.aws.lock import HeldLock
from deployer.core import rollback
from deployer.core.release import RecordedRelease, last_healthy
from deployer.errors import DeployerError, DeploymentFailed, Refused, StateUnknown
from deployer.explain import defect, explain_error
from deployer.partial import halted
from deployer.resources.kind import Applying
from deployer.resources.outcome import Outcome
from deployer.resources.plan import Plan
from deployer.resources.service.change import DeployService, PauseService, RecordRelease, ResumeService
from deployer.resources.service.pause import BY_NOBODY, TAG
from deployer.run import resume, turn
from deployer.run.apply import Applier, refuse_unknown
from deployer.run.follow import Follower
from deployer.run.halted import interrupted, stopped
from deployer.run.look import Comparison, Run, refuse_stale
from deployer.run.probe import proof
from deployer.run.record import Recorder
from deployer.targets.base import Progress, RunningOperation
from deployer.view.blocker_text import blockers

ATTEMPTS = 3  # to start a deployment, where another user's operation of the service comes first


def apply(run: Run, agreed: Comparison) -> Outcome:
    """Apply a plan. Raises Refused when the state it was made from has changed."""
    verb = "rollback" if run.desired.rollback_to else "reconcile"
    with lock.hold(run.session, run.desired.ledger, who=run.who, verb=verb, warn=run.report.warn) as held:
        fresh = run.compare(run.observe(), agreed.observed.inspection)
        refuse_stale(agreed.plan.facts, fresh.plan)
        if fresh.plan.fingerprint != agreed.plan.fingerprint:
            raise Refused("the plan is not the one that was agreed to", fix="read the new plan, then run again")
        return _Carrier(run, held, time.time()).carry_out(fresh)


def settle(run: Run) -> RecordedRelease | None:
    """Continue from where an earlier run stopped, and wait until the service is free.

    Returns the release that the earlier run had recorded before it stopped, if any.
    """
    with lock.hold(run.session, run.desired.ledger, who=run.who, verb="resume", warn=run.report.warn) as held:
        return resume.settle(held, run.session, run.desired, run.target, Follower.of(run))


@dataclass
class _Extent:
    """How much of a plan has been carried out: the number of changes made."""

    done: int = 0


class _Carrier:
    """Carries out plans under one lock: the agreed plan, and the rollback when its release does not answer."""

    def __init__(self, run: Run, held: HeldLock, begin: float) -> None:
        self._run = run
        self._held = held
        self._begin = begin
        self._follower = Follower.of(run)
        self._recorder = Recorder(run, held, begin)
        self._attempts = 1
        self._turns: turn.Verb | None = None  # the pause or resume that is under way

    def carry_out(self, planned: Comparison) -> Outcome:
        """Make every change. Reports what was started when interrupted, and the progress when it fails."""
        extent = _Extent()
        try:
            return self._carry_out(planned, extent)
        except KeyboardInterrupt:
            raise interrupted(planned.plan, extent.done, self._held, self._turns) from None
        except Exception as error:
            failure = halted(error, done=extent.done)
            if failure is None and self._turns is not None and isinstance(error, DeployerError):
                failure = error  # of the pause or the resume: its text does not name the progress of the plan
            if failure is None:
                raise
            raise stopped(planned.plan, extent.done, self._held, failure) from error

    def _carry_out(self, planned: Comparison, extent: _Extent) -> Outcome:
        run, plan = self._run, planned.plan
        applier = Applier(
            target=run.target,
            tags=run.desired.tags,
            who=run.who,
            applying=Applying(run.session, run.image_manifest, run.site.recreation_seconds, run.report.step),
        )
        if planned.observed.pending:
            self._recorder.record_pending(planned.observed.pending, planned.observed.service)
        refuse_unknown(plan.changes)
        deployed: RunningOperation | None = None
        proven: tuple[int, str] | None = None  # the number of the release, and the URL that reported it
        for change in plan.changes:
            match change:
                case DeployService():
                    if applier.applying.repeated:
                        return self._carry_out(self._again(planned), extent)
                    deployed = self._start(applier, change, plan)
                    if deployed is None:
                        return self._carry_out(self._after_another(planned, change), extent)
                    self._finish(plan, deployed)
                    proven = self._prove(planned, deployed)
                case RecordRelease():
                    proven = self._prove(planned, None)
                case ResumeService():
                    self._turn("resume", applier, change)
                    self._resumed(planned, change)
                case PauseService():
                    created = deployed.service_arn if deployed else ""
                    self._turn("pause", applier, replace(change, arn=change.arn or created))
                case _:
                    applier.apply(change)
            extent.done += 1
        number, url = proven or (_number(plan), "")
        seconds = math.ceil(time.time() - self._begin) if proven else 0
        done = Outcome(len(plan.changes), proven is not None, number, plan.release, url, seconds, plan.rollback_to)
        return replace(done, turned=_turned(plan))

    def _turn(self, verb: turn.Verb, applier: Applier, change: PauseService | ResumeService) -> None:
        """Pause or resume the service, and wait for the end."""
        self._turns, begin = verb, time.time()
        started = applier.apply(change)
        if started is not None:
            turn.finish(self._run, verb, self._follower, started, begin)
        self._turns = None

    def _resumed(self, planned: Comparison, change: ResumeService) -> None:
        """Prove that the service answers again, unless the plan proves a release itself; then clear the pause tag."""
        service = planned.observed.service
        proves = any(isinstance(other, DeployService | RecordRelease) for other in planned.plan.changes)
        if service is not None and not proves:
            turn.prove(self._run, "resume", service)
        self._run.target.tag(change.arn, {TAG: BY_NOBODY})

    def _again(self, planned: Comparison) -> Comparison:
        """The plan for the same desired state from what AWS holds now: a repeated call has moved a version."""
        run = self._run
        return run.compare(run.observe(), planned.observed.inspection)

    def _after_another(self, planned: Comparison, change: DeployService) -> Comparison:
        """Wait for the operation that another user started meanwhile. Returns the same plan for the state after it.

        Raises StateUnknown when that operation left something that this plan, as agreed to, would overwrite.
        """
        run, arn = self._run, change.arn or ""
        operation = run.target.newest_operation(arn)
        if operation and operation.progress is Progress.RUNNING:
            run.report.step("attach", f"{operation.kind} is under way: another user started it")
            self._follower.follow(RunningOperation(arn, operation.id), operation.started)
        fresh = self._again(planned)
        now = fresh.plan.deployment
        if (
            now is None
            or (now.spec, now.outside) != (change.spec, change.outside)
            or fresh.plan.blockers
            or fresh.plan.postponed
        ):
            raise StateUnknown(
                "another operation has changed the service since this plan was made; this run has deployed nothing",
                fix=f"read the new plan: just plan {run.desired.environment}",
            )
        return fresh

    def _start(self, applier: Applier, change: DeployService, plan: Plan) -> RunningOperation | None:
        """Write the release to the ledger and the lock, then start its deployment, so that a later run can find it.

        Returns None when the target refuses because another operation of the service is under way.
        """
        ledger.intend(self._run.session.ssm, self._run.desired.ledger, self._recorder.release(plan, "healthy", "", ""))
        self._held.intend(release=plan.release, content=plan.content, image=plan.image, tag=plan.tag)
        try:
            started = applier.apply(change)
        except ClientError as error:
            if is_refusal(error):
                self._held.settled()
            if self._run.target.is_occupied(error) and self._attempts < ATTEMPTS:
                self._attempts += 1
                return None
            raise
        assert started is not None
        self._held.started(started.operation)
        return started

    def _finish(self, plan: Plan, started: RunningOperation) -> None:
        """Wait for the operation. A failed one is recorded and its cause shown."""
        progress = self._follower.follow(started, self._begin)
        if progress is Progress.SUCCEEDED:
            return
        why = self._follower.cause(started, self._begin)
        reason = self._follower.reason(started, self._begin)
        self._recorder.record(plan, "failed", started, resume.failed_because(reason))
        raise resume.failure(progress, plan.release, plan.live, why, plan.target)

    def _prove(self, planned: Comparison, started: RunningOperation | None) -> tuple[int, str]:
        """Wait until the public URL reports the release, which makes it healthy."""
        run, plan = self._run, planned.plan
        service = run.target.observe(run.desired.service_name)[0]
        url = run.site.public_url(service.url) if service else ""
        if plan.deployment and service and service.spec != plan.deployment.spec.over(service.spec):
            title = run.target.description.title
            run.report.warn(f"{title} does not report the configuration that was sent: read the next plan")
        path = run.desired.settings.probe_path
        last_answer = self._recorder.last_answer(service, plan.release)
        if last_answer is None:
            run.report.step("probe", f"GET {url}{proof(path, plan.release, run.app.release_header)}")
            turn.warn_unready(run, url)
            number = self._recorder.record(plan, "healthy", started, "", planned.observed)
            run.report.step("record", f"release {number}")
            return number, url
        wrong = f"{url}{path} does not report it (last seen: {last_answer})"
        known = plan.live if started is None and plan.live and plan.live.release.id == plan.release else None
        number = (
            known.number
            if known
            else self._recorder.record(plan, "failed", started, f"not seen at its URL: {last_answer}", planned.observed)
        )
        did = "was deployed" if started else "is live"
        raise self._back(planned, number, f"release {number} ({plan.release}) {did}, but {wrong}")

    def _back(self, planned: Comparison, failed: int, what: str) -> DeployerError:
        """Roll back to the last healthy release, unless the manifest asks to hold. Returns the error to report."""
        run = self._run
        target = last_healthy(planned.observed.releases)
        if run.desired.on_unhealthy == "hold" or run.desired.rollback_to or target is None:
            held = "the manifest holds it (on_unhealthy)" if run.desired.on_unhealthy == "hold" else "it stays"
            fix = f"read the application's log; roll back with: just rollback {run.desired.environment}"
            return StateUnknown(f"{what}; {held}, and is serving", fix=fix)
        run.report.step("rollback", f"release {failed} does not answer: rolling back to release {target.number}")
        back = replace(
            run, desired=rollback.desired_release(run.desired, target, with_secrets=False, hold=False), prune=False
        )
        try:
            outcome = _Carrier(back, self._held, time.time()).carry_out(_unblocked(back))
        except Exception as error:  # noqa: BLE001 -- whatever it is, the release that does not answer serves
            why = str(explain_error(error) or defect(error))
            return StateUnknown(f"{what}, and the rollback to release {target.number} failed", why=why)
        again = f", as release {outcome.number}" if outcome.number else ""
        return DeploymentFailed(
            f"{what}; release {target.number} serves again{again}",
            fix="fix the cause, then run again; this exact release is refused without --retry",
        )


def _turned(plan: Plan) -> Literal["paused", "resumed"] | None:
    """What the plan does to the service besides deploying: pause or resume."""
    if any(isinstance(change, PauseService) for change in plan.changes):
        return "paused"
    return "resumed" if any(isinstance(change, ResumeService) for change in plan.changes) else None


def _unblocked(run: Run) -> Comparison:
    """The plan from the present state. Raises StateUnknown when something blocks it."""
    planned = run.compare(run.observe(), None)
    if planned.plan.blockers:
        raise StateUnknown("; ".join(blocker.what for blocker in blockers(planned.plan)))
    return planned


def _number(plan: Plan) -> int | None:
    return plan.live.number if plan.live else None
