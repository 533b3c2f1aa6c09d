"""Record releases in the ledger: that of this run, and one that an earlier run deployed and did not record."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime

from msgspec.structs import replace

from deployer.aws import ledger
from deployer.aws.lock import HeldLock
from deployer.core.observed import Observed, ObservedService
from deployer.core.release import Release
from deployer.errors import StateUnknown
from deployer.resources.plan import Plan
from deployer.resources.record import make_record
from deployer.run import resume
from deployer.run.look import Run
from deployer.run.probe import probe_release
from deployer.targets.base import RunningOperation


class Recorder:
    """Records the releases of one run. `begin` is when it started to carry out its plan, in seconds since 1970."""

    def __init__(self, run: Run, held: HeldLock, begin: float) -> None:
        self._run = run
        self._held = held
        self._begin = begin

    def record_pending(self, release: Release, service: ObservedService | None) -> None:
        """Prove and record a live release whose own run stopped before doing so.

        When it does not answer it is recorded as failed, and the plan, which assumes that it is healthy, is not carried
        out.
        """
        run, environment = self._run, self._run.desired.environment
        release = self._with_operation(release, service, release)
        answer = self.last_answer(service, release.id)
        if answer is not None:
            release = replace(release, outcome="failed", why=f"not seen at its URL: {answer}")
        number = ledger.record(run.session.ssm, run.desired.ledger, release)
        run.report.step("record", f"release {number} ({release.id}), which an earlier run had deployed")
        if answer is not None:
            raise StateUnknown(
                f"release {number} ({release.id}), which an earlier run had deployed, does not answer"
                f" (last seen: {answer}); it is recorded as failed, and nothing else was changed",
                fix=f"run again: just {'rollback' if run.desired.rollback_to else 'reconcile'} {environment}",
            )

    def last_answer(self, service: ObservedService | None, release: str) -> str | None:
        """None when the public URL reports the release; else its last answer."""
        if service is None:
            return "there is no service"
        site, path = self._run.site, service.spec.settings.probe_path
        url, header = site.public_url(service.url), self._run.app.release_header
        return probe_release(url, path, release, header=header, seconds=site.probe_seconds)

    def record(
        self, plan: Plan, outcome: str, started: RunningOperation | None, why: str, observed: Observed | None = None
    ) -> int:
        """Add the release to the ledger. `observed` gives the operation that deployed it when this run started none."""
        release = self.release(plan, outcome, started.operation if started else "", why)
        if started is None and observed and observed.intended and observed.intended.id == release.id:
            release = self._with_operation(release, observed.service, observed.intended)
        number = ledger.record(self._run.session.ssm, self._run.desired.ledger, release)
        self._held.settled()
        return number

    def _with_operation(self, release: Release, service: ObservedService | None, written: Release) -> Release:
        """The record with the operation of the earlier run that deployed it, and its duration."""
        operation = self._run.target.newest_operation(service.arn) if service else None
        if operation is None or not resume.has_deployed(operation, written):
            return release
        return replace(release, operation=operation.id, seconds=operation.seconds)

    def release(self, plan: Plan, outcome: str, operation: str, why: str) -> Release:
        return make_record(
            self._run.desired,
            plan,
            outcome=outcome,
            operation=operation,
            who=self._run.who,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=math.ceil(time.time() - self._begin) if operation else 0,
            why=why,
        )
