"""Apply a plan that was agreed to: lock, look again, change, wait, probe, record, unlock."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

from botocore.exceptions import BotoCoreError, ClientError
from msgspec.structs import replace

from deployer.aws import ledger, lock
from deployer.aws.errors import explain, is_refusal, is_wrong_state
from deployer.aws.lock import Held
from deployer.core import rollback
from deployer.core.change import DeleteParameter, DeployService, LiftHold, RecordRelease
from deployer.core.facts import Facts, ServiceFact
from deployer.core.health import of_readiness
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.core.record import record
from deployer.core.release import RecordedRelease, Release, last_healthy
from deployer.errors import DeployerError, DeploymentFailed, Interrupted, LockLost, Refused, StateUnknown
from deployer.run import resume
from deployer.run.apply import Applier, Extent
from deployer.run.follow import Follower
from deployer.run.look import Planned, Run, refuse_stale
from deployer.run.probe import probe, public_url
from deployer.run.ready import read_ready
from deployer.targets.base import Progress, Started

PROBE_SECONDS = 120.0  # DNS and the edge of App Runner need some time after a deployment
LOCAL_PROBE_SECONDS = 10.0
ATTEMPTS = 3  # to start a deployment, where somebody else's operation of the service comes first


def apply(run: Run, agreed: Planned) -> Outcome:
    """Carry a plan out. Raises Refused when the world has moved since it was made."""
    verb = "rollback" if run.desired.rollback_to else "reconcile"
    with lock.hold(run.session, run.desired.ledger, who=run.who, verb=verb, warn=run.report.warn) as held:
        fresh = run.compare(run.observed(), agreed.facts.inspection)
        refuse_stale(agreed.plan.facts, fresh.plan)
        if fresh.plan.fingerprint != agreed.plan.fingerprint:
            raise Refused("the plan is not the one that was agreed to", fix="look at the new plan, then run again")
        return _Carrier(run, held, time.time()).carry_out(fresh)


def settle(run: Run) -> RecordedRelease | None:
    """Go on from where an earlier run stopped, and wait until the service is free.

    Returns the release that the earlier run had recorded before it stopped, if any.
    """
    with lock.hold(run.session, run.desired.ledger, who=run.who, verb="resume", warn=run.report.warn) as held:
        return resume.settle(held, run.session, run.desired, run.target, Follower.of(run))


class _Carrier:
    """Carries plans out under one lock: the one agreed to, and the way back when its release does not answer."""

    def __init__(self, run: Run, held: Held, begin: float) -> None:
        self._run = run
        self._held = held
        self._begin = begin
        self._follower = Follower.of(run)
        self._attempts = 1

    def carry_out(self, planned: Planned) -> Outcome:
        """Make every change. Says what was started when it is interrupted, and how far it came when AWS fails."""
        extent = Extent()
        try:
            return self._carry_out(planned, extent)
        except KeyboardInterrupt:
            raise _interrupted(planned.plan, extent.done, self._held) from None
        except (ClientError, BotoCoreError) as error:
            if not extent.touched and is_refusal(error):
                raise
            raise _stopped(planned.plan, extent.done, self._held, explain(error)) from None
        except LockLost as error:
            raise _stopped(planned.plan, extent.done, self._held, error) from None
        except DeployerError as error:
            if not extent.touched or error.exit_code != DeployerError.exit_code:
                raise
            # Its own code says that nothing was changed.
            raise _stopped(planned.plan, extent.done, self._held, error) from None

    def _carry_out(self, planned: Planned, extent: Extent) -> Outcome:
        run, plan = self._run, planned.plan
        wanted = next((r.arn for r in planned.facts.scalings if r.scaling == run.desired.settings.scaling), None)
        applier = Applier(
            session=run.session,
            target=run.target,
            tags=run.desired.tags,
            image_manifest=run.image_manifest,
            who=run.who,
            scaling_arn=wanted,
            tell=run.report.step,
            extent=extent,
        )
        if planned.facts.pending:
            self._record_pending(planned.facts.pending, planned.facts.service)
        started: Started | None = None
        for change in (c for c in plan.changes if not isinstance(c, DeleteParameter | LiftHold)):
            if isinstance(change, DeployService):
                if applier.repeated:
                    return self._carry_out(self._again(planned), extent)
                started = self._start(applier, change, plan)
                if started is None:
                    return self._carry_out(self._after_another(planned, change), extent)
                self._finish(plan, started)
            else:
                applier.apply(change)
            extent.done += 1
        released = started is not None or any(isinstance(change, RecordRelease) for change in plan.changes)
        number, url = self._prove(planned, started) if released else (_number(plan), "")
        for removal in (c for c in plan.changes if isinstance(c, DeleteParameter | LiftHold)):
            applier.apply(removal)
            extent.done += 1
        seconds = math.ceil(time.time() - self._begin) if released else 0
        return Outcome(len(plan.changes), released, number, plan.release, url, seconds, plan.rollback_to)

    def _record_pending(self, release: Release, service: ServiceFact | None) -> None:
        """An earlier run deployed it, it is live, and that run did not live to prove and record it.

        When it does not answer it is recorded as failed, and the plan, which takes it for healthy, is not carried out.
        """
        run, environment = self._run, self._run.desired.environment
        release = self._with_operation(release, service, release)
        seen = self._seen(service, release.id)
        if seen is not None:
            release = replace(release, outcome="failed", why=f"not seen at its URL: {seen}")
        number = ledger.record(run.session.ssm, run.desired.ledger, release)
        run.report.step("record", f"release {number} ({release.id}), which an earlier run had deployed")
        if seen is not None:
            raise StateUnknown(
                f"release {number} ({release.id}), which an earlier run had deployed, does not answer"
                f" (last seen: {seen}); it is recorded as failed, and nothing else was changed",
                fix=f"run again: just {'rollback' if run.desired.rollback_to else 'reconcile'} {environment}",
            )

    def _seen(self, service: ServiceFact | None, release: str) -> str | None:
        """None when the public URL reports the release; else what it answered last."""
        if service is None:
            return "there is no service"
        local = self._run.desired.local
        path = service.spec.settings.health_check.address
        seconds = LOCAL_PROBE_SECONDS if local else PROBE_SECONDS
        return probe(public_url(service.url, local=local), path, release, seconds=seconds)

    def _again(self, planned: Planned) -> Planned:
        """The same wish from what AWS holds now: a repeated request has moved a version."""
        run = self._run
        return run.compare(run.observed(), planned.facts.inspection)

    def _after_another(self, planned: Planned, change: DeployService) -> Planned:
        """Wait for the operation that somebody else started meanwhile. Returns the same plan from what it left.

        Raises StateUnknown when it left something that this plan, as agreed to, would overwrite.
        """
        run, arn = self._run, change.arn or ""
        operation = run.target.newest_operation(arn)
        if operation and operation.progress is Progress.RUNNING:
            run.report.step("attach", f"{operation.kind} is under way: somebody else started it")
            self._follower.follow(Started(arn, operation.id), operation.started)
        fresh = self._again(planned)
        now = fresh.plan.deployment
        if now is None or (now.spec, now.outside) != (change.spec, change.outside) or fresh.plan.blockers:
            raise StateUnknown(
                "another operation has changed the service since this plan was made; this run has deployed nothing",
                fix=f"read the new plan: just plan {run.desired.environment}",
            )
        return fresh

    def _start(self, applier: Applier, change: DeployService, plan: Plan) -> Started | None:
        """Record what is about to happen, then start it: a run that finds our lock knows what to look for.

        Returns None when App Runner refuses because another operation of the service is under way.
        """
        ledger.intend(self._run.session.ssm, self._run.desired.ledger, self._release(plan, "healthy", "", ""))
        self._held.intend(release=plan.release, content=plan.content, image=plan.image, tag=plan.tag)
        try:
            started = applier.apply(change)
        except ClientError as error:
            if is_refusal(error):
                self._held.settled()
            if is_wrong_state(error) and self._attempts < ATTEMPTS:
                self._attempts += 1
                return None
            raise
        assert started is not None
        self._held.started(started.operation)
        return started

    def _finish(self, plan: Plan, started: Started) -> None:
        """Wait for the operation; a failed one is recorded with its cause shown."""
        progress = self._follower.follow(started, self._begin)
        if progress is Progress.SUCCEEDED:
            return
        why = self._follower.cause(started, self._begin)
        reason = self._follower.reason(started, self._begin)
        self._record(plan, "failed", started, resume.failed_because(reason))
        raise resume.failure(progress, plan.release, plan.live, why)

    def _prove(self, planned: Planned, started: Started | None) -> tuple[int, str]:
        """The release counts as healthy when the public URL reports it."""
        run, plan = self._run, planned.plan
        service = run.target.observe(run.desired.service_name)[0]
        url = public_url(service.url, local=run.desired.local) if service else ""
        if plan.deployment and service and service.spec != plan.deployment.spec.over(service.spec):
            run.report.warn("App Runner does not report what was asked of it: look at the next plan")
        path = run.desired.settings.health_check.address
        seen = self._seen(service, plan.release)
        if seen is None:
            run.report.step("probe", f"GET {url}{path} reports {plan.release}")
            warn_unready(run, url)
            number = self._record(plan, "healthy", started, "", planned.facts)
            run.report.step("record", f"release {number}")
            return number, url
        wrong = f"{url}{path} does not report it (last seen: {seen})"
        known = plan.live if started is None and plan.live and plan.live.release.id == plan.release else None
        number = (
            known.number
            if known
            else self._record(plan, "failed", started, f"not seen at its URL: {seen}", planned.facts)
        )
        did = "was deployed" if started else "is live"
        raise self._back(planned, number, f"release {number} ({plan.release}) {did}, but {wrong}")

    def _back(self, planned: Planned, failed: int, what: str) -> DeployerError:
        """Go back to the last healthy release, unless the manifest says to hold. Returns what to tell."""
        run = self._run
        target = last_healthy(planned.facts.releases)
        if run.desired.on_unhealthy == "hold" or run.desired.rollback_to or target is None:
            held = "the manifest holds it (on_unhealthy)" if run.desired.on_unhealthy == "hold" else "it stays"
            fix = f"look at the application's log; go back with: just rollback {run.desired.environment}"
            return StateUnknown(f"{what}; {held}, and is serving", fix=fix)
        run.report.step("rollback", f"release {failed} does not answer: back to release {target.number}")
        back = replace(run, desired=rollback.wish(run.desired, target, with_secrets=False, hold=False), prune=False)
        try:
            way = back.compare(back.observed(), None)
            if way.plan.blockers:
                raise StateUnknown("; ".join(blocker.what for blocker in way.plan.blockers))
            outcome = _Carrier(back, self._held, time.time()).carry_out(way)
        except DeployerError as error:
            return StateUnknown(f"{what}, and going back to release {target.number} failed", why=str(error))
        except (ClientError, BotoCoreError) as error:
            return StateUnknown(f"{what}, and going back to release {target.number} failed", why=str(explain(error)))
        again = f", as release {outcome.number}" if outcome.number else ""
        return DeploymentFailed(
            f"{what}; release {target.number} serves again{again}",
            fix="mend the cause, then run again; this exact release is refused without --retry",
        )

    def _record(self, plan: Plan, outcome: str, started: Started | None, why: str, facts: Facts | None = None) -> int:
        """Add the release to the ledger. `facts` tell which operation deployed it when this run started none."""
        release = self._release(plan, outcome, started.operation if started else "", why)
        if started is None and facts and facts.intended and facts.intended.id == release.id:
            release = self._with_operation(release, facts.service, facts.intended)
        number = ledger.record(self._run.session.ssm, self._run.desired.ledger, release)
        self._held.settled()
        return number

    def _with_operation(self, release: Release, service: ServiceFact | None, written: Release) -> Release:
        """The record with the operation of the earlier run that deployed it, and how long that took."""
        operation = self._run.target.newest_operation(service.arn) if service else None
        if operation is None or not resume.has_deployed(operation, written):
            return release
        return replace(release, operation=operation.id, seconds=operation.seconds)

    def _release(self, plan: Plan, outcome: str, operation: str, why: str) -> Release:
        return record(
            self._run.desired,
            plan,
            outcome=outcome,
            operation=operation,
            who=self._run.who,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=math.ceil(time.time() - self._begin) if operation else 0,
            why=why,
        )


def warn_unready(run: Run, url: str) -> None:
    """Warn of what keeps a release that answers from serving users."""
    readiness = read_ready(url)
    for trouble in of_readiness(readiness, run.desired.environment) if readiness else ():
        run.report.warn(f"{trouble.what}; fix: {trouble.fix}")


def _number(plan: Plan) -> int | None:
    return plan.live.number if plan.live else None


def _interrupted(plan: Plan, done: int, held: Held) -> Interrupted:
    operation = held.under_way
    verb = f"just {'rollback' if plan.rollback_to else 'reconcile'} {plan.environment}"
    if operation is None:
        return Interrupted(f"interrupted after {done} of {len(plan.changes)} changes", fix=f"continue with: {verb}")
    what = f"interrupted while release {plan.release} is being deployed"
    return Interrupted(
        what,
        why=f"App Runner goes on with operation {operation or 'that was just asked for'}; it cannot be cancelled",
        fix=f"follow it to its end with: {verb}",
    )


def _stopped(plan: Plan, done: int, held: Held, error: DeployerError) -> StateUnknown:
    """Something failed on the way: how far it came, and that the same command goes on from there."""
    what = f"{error.what}, after {done} of {len(plan.changes)} changes"
    if held.under_way is not None:
        what += f"; release {plan.release} may be on its way"
    verb = f"just {'rollback' if plan.rollback_to else 'reconcile'} {plan.environment}"
    fix = f"{error.fix}; {verb} goes on from there" if error.fix else f"{verb} goes on from there"
    return StateUnknown(what, why=error.why, fix=fix)
