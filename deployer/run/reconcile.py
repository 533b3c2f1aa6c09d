"""Apply a plan that was agreed to: lock, look again, change, wait, probe, record, unlock."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime

from deployer.aws import ledger, lock, logs
from deployer.aws.session import Session
from deployer.core import planner
from deployer.core.change import RecordRelease
from deployer.core.desired import Desired
from deployer.core.facts import Facts
from deployer.core.outcome import Outcome
from deployer.core.plan import Plan
from deployer.core.release import Release
from deployer.core.secret import SecretValue
from deployer.errors import DeploymentFailed, Refused, StateUnknown
from deployer.run.apply import Applier
from deployer.run.observe import observe
from deployer.run.probe import probe, public_url
from deployer.run.wait import wait
from deployer.targets.base import Progress, Started, Target
from deployer.view.progress import Reporter

LOG_LINES = 20


@dataclass(frozen=True)
class Run:
    """One reconcile of one environment. `who` is the caller's ARN; `image_manifest` is what this machine can push."""

    session: Session
    target: Target
    desired: Desired
    who: str
    image_manifest: bytes | None
    report: Reporter

    def apply(self, agreed: Plan) -> Outcome:
        """Carry `agreed` out. Raises Refused when the world has moved since it was made."""
        intent = f"release {agreed.release}"
        with lock.hold(self.session.ssm, self.desired.ledger, who=self.who, intent=intent):
            facts = observe(self.session, self.target, self.desired)
            if planner.plan(self.desired, facts) != agreed:
                raise Refused(
                    "the state of AWS has changed since the plan was made",
                    fix="look at the new plan, then run again",
                )
            return self._apply(agreed, facts)

    def _apply(self, plan: Plan, facts: Facts) -> Outcome:
        applier = Applier(
            session=self.session,
            target=self.target,
            tags={"managed-by": "deployer", "app": self.desired.app, "environment": self.desired.environment},
            image_manifest=self.image_manifest,
            scaling_arn=facts.scaling_arn,
            made=[],
            tell=self.report.step,
        )
        started: Started | None = None
        begin = time.time()
        for change in plan.changes:
            started = applier.apply(change) or started
        if started is None and not any(isinstance(change, RecordRelease) for change in plan.changes):
            return Outcome(len(plan.changes), False, plan.live_number, plan.release, self._url(), 0)
        if started is not None:
            self._finish(plan, started, begin, applier.made)
        return self._prove(plan, started, begin)

    def _finish(self, plan: Plan, started: Started, begin: float, made: list[SecretValue]) -> None:
        """Wait for the operation; a failed one is recorded with its cause shown."""
        places = self.target.logs(started)
        since, told = int(begin * 1000), set[str]()

        def tell() -> None:
            for line in logs.since(self.session.logs, places.platform, since, prefix=places.streams):
                if line not in told:
                    told.add(line)
                    self.report.step("", line.removeprefix("[AppRunner] "))

        self.report.step("deploy", f"operation {started.operation}")
        progress = wait(self.target, started, fastest=0.1 if self.desired.local else 3.0, tell=tell)
        tell()
        if progress is Progress.SUCCEEDED:
            return
        self._record(plan, "failed", started, begin)
        cause = logs.since(self.session.logs, places.application, since)
        cause = cause or logs.since(self.session.logs, places.platform, since)
        why = "\n       ".join(["last log lines:", *(_clean(line, made) for line in cause[-LOG_LINES:])])
        fix = "mend the cause, then run again"
        if progress is Progress.ROLLED_BACK:
            serving = f"release {plan.live_number}" if plan.live_number else "the previous version"
            raise DeploymentFailed(
                f"release {plan.release} did not become healthy; {serving} is serving, unaffected",
                why=why,
                fix=fix,
            )
        raise StateUnknown(f"the deployment of release {plan.release} failed", why=why, fix=fix)

    def _prove(self, plan: Plan, started: Started | None, begin: float) -> Outcome:
        """The release counts as healthy when the public URL reports it."""
        url = self._url()
        path = self.desired.spec.health_check.path
        seen = probe(url, path, plan.release, seconds=10 if self.desired.local else 120)
        if seen is not None:
            self._record(plan, "failed", started, begin)
            raise StateUnknown(
                f"the deployment succeeded, but {url}{path} does not report release {plan.release}",
                why=f"last seen: {seen}",
                fix="look at the application's log",
            )
        self.report.step("probe", f"GET {url}{path} reports {plan.release}")
        number = self._record(plan, "healthy", started, begin)
        self.report.step("record", f"release {number}")
        return Outcome(len(plan.changes), True, number, plan.release, url, int(time.time() - begin))

    def _url(self) -> str:
        service = self.target.observe(self.desired.service_name)
        return public_url(service.url, local=self.desired.local) if service else ""

    def _record(self, plan: Plan, outcome: str, started: Started | None, begin: float) -> int:
        desired = self.desired
        release = Release(
            id=plan.release,
            outcome=outcome,
            image=plan.image,
            tag=desired.image.tag,
            literals={p.variable: p.value for p in desired.parameters if p.value is not None} | dict(desired.plain),
            versions=plan.versions,
            settings=desired.spec.settings(),
            manifest=desired.manifest_sha,
            operation=started.operation if started else "",
            who=self.who,
            when=datetime.now(UTC).isoformat(timespec="seconds"),
            seconds=int(time.time() - begin),
        )
        return ledger.record(self.session.ssm, desired.ledger, release)


def _clean(line: str, made: list[SecretValue]) -> str:
    """A log line without the secrets this run has made."""
    for value in made:
        line = line.replace(value.reveal(), "<secret>")
    return line
