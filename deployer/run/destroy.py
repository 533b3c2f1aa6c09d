"""Delete an environment: read what is left of it, and delete one resource after the other."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer.aws import lock
from deployer.aws.errors import only
from deployer.core.target import ServiceStatus
from deployer.errors import Blocked, DeployerError, Interrupted, Refused, StateUnknown
from deployer.partial import halted
from deployer.resources.kind import Reading
from deployer.resources.registry import KINDS
from deployer.resources.removal import Remains, Removal, RemovalOptions, Removals
from deployer.resources.removals import decide_removals
from deployer.resources.service.plan import another
from deployer.run.look import Run
from deployer.run.wait import wait_for_operation
from deployer.targets.base import Progress, RunningOperation, scaling
from deployer.view.destroy_text import unready
from deployer.view.resources.service import foreign_service


def refuse_unready(removals: Removals, environment: str) -> None:
    """Raise Refused when something has to wait, and nothing is deleted before."""
    for one in removals.unready:
        what, why, fix = unready(one, environment)
        raise Refused(what, why=why, fix=fix)


@dataclass(frozen=True)
class Destruction:
    """The deletion of one environment. `shared` gives the other environment that uses a role or the repository."""

    run: Run
    options: RemovalOptions
    shared: Mapping[str, str]

    def decide(self) -> Removals:
        """Read what is left, and decide what is deleted and what is kept.

        Raises Refused for another environment's service, Blocked while the target is busy with another operation.
        """
        session, desired = self.run.session, self.run.desired
        with ThreadPoolExecutor(8) as pool:
            reading = Reading(session, desired, pool)
            observed = pool.submit(self.run.target.observe, desired.service_name)
            collects = [kind.remains(reading) for kind in KINDS]
            service, scalings = observed.result()
            if service and (blocker := another(desired, service)):
                what, fix = foreign_service(blocker, desired.target)
                raise Refused(f"{what}; nothing was deleted", fix=fix)
            if service and service.status is ServiceStatus.BUSY:
                self._refuse_busy(service.arn)
            remains = Remains(service.arn if service else None, len(scalings), self.shared)
            for collect in collects:
                remains = collect(remains)
        return decide_removals(desired, remains, self.options)

    def _refuse_busy(self, arn: str) -> None:
        operation = self.run.target.newest_operation(arn)
        if operation is None or not operation.deletes:  # a deletion that an earlier run began is continued
            title = self.run.target.description.title
            raise Blocked(
                f"{title} is busy with this service, and deletes it only when that has ended",
                fix=f"wait for it: just status {self.run.desired.environment} --follow",
            )

    def carry_out(self, agreed: Removals) -> None:
        """Delete what was agreed to, under the environment's lock. A resource that is already gone is skipped.

        Raises Refused when what would be deleted has changed meanwhile, StateUnknown when it stops partway.
        """
        run = self.run
        with lock.hold(run.session, run.desired.ledger, who=run.who, verb="destroy", warn=run.report.warn):
            removals = self.decide()
            refuse_unready(removals, run.desired.environment)
            if set(removals.deleted) - set(agreed.deleted):
                raise Refused(
                    "the list of what to delete has changed; nothing was deleted",
                    fix="read the new list, then run again",
                )
            self._delete(agreed)

    def _delete(self, agreed: Removals) -> None:
        done, every = 0, len(agreed.deleted)
        try:
            for removal in agreed.deleted:
                self.run.report.step("destroy", f"- {removal.kind} {removal.name}")
                self._one(removal)
                done += 1
        except KeyboardInterrupt:
            raise Interrupted(f"interrupted after {done} of {every} deletions", fix=self._again) from None
        except Exception as error:
            failure = halted(error, done=done)
            if failure is None:
                raise
            raise self._stopped(failure, done, every) from error

    def _one(self, removal: Removal) -> None:
        session, target, desired = self.run.session, self.run.target, self.run.desired
        match removal.kind:
            case "service":
                self._service(removal.name)
            case "scaling":
                for revision in target.observe(removal.name)[1]:
                    if revision.free:
                        scaling(target).delete_scaling(revision.arn)
            case _:
                [kind] = (kind for kind in KINDS if removal.kind in kind.deletes)
                kind.delete(session, desired, removal)

    def _service(self, name: str) -> None:
        """Delete the service, or wait for a deletion under way, until the target no longer lists it."""
        target = self.run.target
        service = target.observe(name)[0]
        if service is None:
            return
        under_way = target.newest_operation(service.arn) if service.status is ServiceStatus.BUSY else None
        started = RunningOperation(service.arn, under_way.id) if under_way else target.delete(service.arn)
        self.run.report.step("", f"operation {started.operation}")
        try:
            progress = wait_for_operation(target, started, fastest=self.run.site.poll_seconds, on_poll=lambda: None)
        except ClientError as error:
            only(error, "ResourceNotFoundException")
            return
        if progress is not Progress.SUCCEEDED:
            raise StateUnknown(
                f"{target.description.title} could not delete {name}", fix="check the service in its console"
            )

    def _stopped(self, error: DeployerError, done: int, every: int) -> StateUnknown:
        fix = f"{error.fix}; {self._again}" if error.fix else self._again
        return StateUnknown(f"{error.what}, after {done} of {every} deletions", why=error.why, fix=fix)

    @property
    def _again(self) -> str:
        return f"just destroy {self.run.desired.environment} continues from there"
