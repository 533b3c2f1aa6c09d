"""ECS Express Mode behind the Target protocol."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.exceptions import ClientError

from deployer.aws.errors import is_denied
from deployer.aws.session import Session
from deployer.core.finding import Finding
from deployer.core.observed import ObservedService, ScalingRevision
from deployer.core.service import ServiceSpec
from deployer.core.target import ServiceStatus
from deployer.errors import StateUnknown
from deployer.targets.base import Event, LogPlaces, Operation, Progress, RunningOperation
from deployer.targets.ecs_express import pause as pausing
from deployer.targets.ecs_express import refusals
from deployer.targets.ecs_express.answers import READ
from deployer.targets.ecs_express.client import EcsClient, send_once, under_way
from deployer.targets.ecs_express.deployments import DELETION, progress_of, serving, status_of, unlisted
from deployer.targets.ecs_express.description import ECS_EXPRESS
from deployer.targets.ecs_express.diagnosis import failure_reason
from deployer.targets.ecs_express.examine import use
from deployer.targets.ecs_express.manifest import INFRASTRUCTURE
from deployer.targets.ecs_express.members import unmodelled, with_kept
from deployer.targets.ecs_express.reading import Reader, ServiceReading
from deployer.targets.ecs_express.rights import CALLS, CLUSTER, service_arn
from deployer.targets.ecs_express.roles import infrastructure_arn
from deployer.targets.ecs_express.settings import Tasks
from deployer.targets.ecs_express.spec import from_answer, managed_groups, scaling_target, tasks_of, to_request
from deployer.targets.ecs_express.updating import Updater

# Everything that an update takes but the scaling, and the network, which stays.
SENT_AGAIN: Final = (
    *("executionRoleArn", "taskRoleArn", "healthCheckPath", "primaryContainer", "cpu", "memory", "cpuArchitecture"),
)


def open_ecs_express(session: Session) -> EcsExpress:
    """ECS Express Mode in the account and region of a session."""
    reads = session.client("ecs", CALLS, READ)
    writes = session.client("ecs", CALLS, READ, attempts=1)
    return EcsExpress(reads, writes, session.region, session.account)


class EcsExpress:
    """Services of the cluster `default`. `writes` is a client that never repeats a call."""

    description = ECS_EXPRESS

    def __init__(self, reads: EcsClient, writes: EcsClient, region: str, account: str) -> None:
        self._reads = reads
        self._writes = writes
        self._reader = Reader(reads)
        self._updater = Updater(writes, self._reader)
        self._region = region
        self._account = account

    def observe(self, name: str) -> tuple[ObservedService | None, tuple[ScalingRevision, ...]]:
        """Its ARN holds nothing but its name. One that was deleted is still described, as INACTIVE."""
        seen = self._reader.see(service_arn(self._region, self._account, name))
        if seen is None:
            return None, ()
        service, tags = seen.service, seen.tags
        configuration = seen.serving
        status = status_of(service, seen.deployments, time.time())
        spec = from_answer(configuration, self._managed(configuration, status))
        endpoint = next((path.get("endpoint", "") for path in configuration.get("ingressPaths") or ()), "")
        role = service.get("infrastructureRoleArn", "").rpartition("/")[2]
        observed = ObservedService(
            arn=service["serviceArn"],
            url=endpoint.removeprefix("https://"),
            status=status,
            spec=pausing.as_resumed(spec, tags) if status is ServiceStatus.PAUSED else spec,
            tags=tags,
            fixed={INFRASTRUCTURE: role} if role else {},
            unmodelled=unmodelled(configuration),
        )
        return observed, ()

    def _managed(self, configuration: Mapping[str, Any], status: ServiceStatus) -> frozenset[str]:
        """The security groups that ECS manages. Only those of a service that exists can be read."""
        if status is ServiceStatus.BUSY or not (configuration.get("networkConfiguration") or {}).get("securityGroups"):
            return frozenset()
        return managed_groups(self._reader.revision(configuration["serviceRevisionArn"]))

    def newest_operation(self, arn: str) -> Operation | None:
        """The deployment that was created last; one of a new revision counts before it is listed."""
        seen = self._reader.see(arn)
        if seen is None:
            return None
        if seen.service["status"]["statusCode"] == "DRAINING":
            updated = seen.service.get("updatedAt")
            began = updated.timestamp() if updated else time.time()
            return Operation(DELETION, "a deletion", Progress.RUNNING, began, deploys=False, deletes=True)
        newest = next((one.operation for one in seen.deployments), None)
        return unlisted(seen.service, seen.deployments, time.time()) or newest

    def progress(self, started: RunningOperation) -> Progress | None:
        """How far the newest deployment of the revision is, or the deletion, pause or resume."""
        match started.operation:
            case pausing.PAUSE | pausing.RESUME:
                return self._turned(started)
            case _ if started.operation == DELETION:
                return Progress.SUCCEEDED if self._reader.see(started.service_arn) is None else Progress.RUNNING
            case _:
                seen = self._reader.see(started.service_arn)
                return progress_of(seen.service, seen.deployments, started.operation, time.time()) if seen else None

    def _turned(self, started: RunningOperation) -> Progress:
        """Whether no task runs after a pause, or enough of them after a resume.

        Whether a change of the scaling alone is a deployment is not documented: one that is under way is waited for.
        """
        seen, plain = self._reader.see(started.service_arn), self._reader.plain(started.service_arn)
        if seen is None or any(one.progress is Progress.RUNNING for one in seen.deployments):
            return Progress.RUNNING
        least = tasks_of(seen.serving).min
        running = plain.get("runningCount", 0)
        stopped = started.operation == pausing.PAUSE
        done = running == 0 and least == 0 if stopped else running >= least > 0
        return Progress.SUCCEEDED if done else Progress.RUNNING

    def create(
        self, name: str, spec: ServiceSpec, tags: Mapping[str, str], fixed: Mapping[str, str]
    ) -> RunningOperation:
        answer = send_once(
            self._writes.create_express_gateway_service,
            serviceName=name,
            cluster=CLUSTER,
            infrastructureRoleArn=infrastructure_arn(self._account, fixed[INFRASTRUCTURE]),
            tags=_tags(tags),
            **to_request(spec, {}),
        )["service"]
        arn = answer["serviceArn"]
        revision = serving(answer, ()).get("serviceRevisionArn", "")
        return RunningOperation(arn, revision or self._updater.listed(arn, frozenset()))

    def update(self, arn: str, spec: ServiceSpec, kept: Mapping[str, object]) -> RunningOperation:
        """Deploy, with what the container has and the manifest has no key for.

        Raises the refusal `under_way` while another deployment runs, because ECS would accept a second one.
        """
        seen = self._free(arn, "UpdateExpressGatewayService")
        self._updater.set_rollout(arn, spec)
        container = seen.serving.get("primaryContainer", {})
        request = with_kept(to_request(spec, container), kept)
        return RunningOperation(arn, self._updater.send(seen, request))

    def restart(self, arn: str) -> RunningOperation:
        """Deploy the configuration that serves once more.

        Express Mode has no call for it: the plain one of ECS starts a deployment, and returns no revision. Which
        revision it deploys after a rollback is not documented, so that the serving one is sent then.
        """
        seen = self._free(arn, "UpdateService")
        if seen.deployments and seen.deployments[0].progress is not Progress.SUCCEEDED:
            return RunningOperation(arn, self._deploy_again(seen, tasks_of(seen.serving)))
        known = frozenset(one.arn for one in seen.deployments)
        send_once(self._writes.update_service, cluster=CLUSTER, service=arn, forceNewDeployment=True)
        return RunningOperation(arn, self._updater.listed(arn, known))

    def pause(self, arn: str) -> RunningOperation | None:
        """Let no task run. The numbers to come back to are written first, so that a stopped run loses none."""
        seen = self._free(arn, "UpdateExpressGatewayService")
        tasks = tasks_of(seen.serving)
        if tasks.max == 0:
            return None
        self.tag(arn, pausing.tag_of(tasks))
        self._deploy_again(seen, pausing.paused(tasks))
        return RunningOperation(arn, pausing.PAUSE)

    def resume(self, arn: str) -> RunningOperation | None:
        """Let as many tasks run as before the pause."""
        seen = self._free(arn, "UpdateExpressGatewayService")
        tasks = tasks_of(seen.serving)
        if tasks.max > 0:
            return None
        back = pausing.restored(tasks, seen.tags)
        if back is None:
            raise StateUnknown(
                f"how many tasks {arn.rpartition('/')[2]} had before its pause is not recorded; nothing was changed",
                why=f"the service has no tag {pausing.TAG}: it was not paused by the deployer",
                fix="aws ecs update-express-gateway-service --scaling-target minTaskCount=1,maxTaskCount=20"
                f" --service-arn {arn}",
            )
        self._deploy_again(seen, back)
        return RunningOperation(arn, pausing.RESUME)

    def _deploy_again(self, seen: ServiceReading, tasks: Tasks) -> str:
        """Send the configuration that serves with another scaling. Returns the new revision.

        Whether an update of some settings starts from the serving or from the newest revision, which ECS may have
        rolled back, is not documented: so all of them are sent.
        """
        request = {name: seen.serving[name] for name in SENT_AGAIN if name in seen.serving}
        return self._updater.send(seen, {**request, "scalingTarget": scaling_target(tasks)})

    def _free(self, arn: str, call: str) -> ServiceReading:
        """The service, on which no deployment is under way."""
        seen = self._reader.see(arn)
        if seen is None:
            raise StateUnknown(f"the service {arn.rpartition('/')[2]} is gone; nothing was changed", fix="run again")
        running = next((one.operation for one in seen.deployments if one.progress is Progress.RUNNING), None)
        if busy := running or unlisted(seen.service, seen.deployments, time.time()):
            raise under_way(call, busy.id.rpartition("/")[2])
        return seen

    def delete(self, arn: str) -> RunningOperation:
        try:
            send_once(self._writes.delete_express_gateway_service, serviceArn=arn)
        except ClientError as error:
            if not (refusals.is_gone(error.response) or refusals.is_inactive(error.response)):
                raise
        return RunningOperation(arn, DELETION)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._reads.tag_resource(resourceArn=arn, tags=_tags(tags))

    def is_too_new(self, error: ClientError) -> bool:
        return refusals.is_too_new(error.response)

    def is_occupied(self, error: ClientError) -> bool:
        return refusals.is_under_way(error.response)

    def failure_reason(self, started: RunningOperation, lines: Sequence[str]) -> str:
        """Tasks that these credentials may not read are left out: the failure itself matters more."""
        deployment = self._reader.deployment(started)
        details = self._reader.details(deployment) if deployment else {}
        try:
            stopped = self._reader.stopped_tasks(started.service_arn)
        except ClientError as error:
            if not is_denied(error):
                raise
            stopped = []
        return failure_reason(details, lines, stopped)

    def logs(self, started: RunningOperation) -> LogPlaces:
        """ECS writes no log of its own: it has events. The log group's name ends in characters that ECS chooses."""
        return LogPlaces(self._reader.log_group(started.service_arn), "", "")

    def events(self, started: RunningOperation, since: float) -> tuple[Event, ...]:
        """The events of the service; with a deployment in `started`, those from its start to its end.

        ECS lists the latest 100, and does not say which deployment one belongs to.
        """
        listed_events = self._reader.plain(started.service_arn).get("events") or ()
        deployment = self._reader.deployment(started) if started.operation.startswith("arn:") else None
        first = max(since, deployment.created - 1) if deployment else since
        last = deployment.finished + 1 if deployment and deployment.finished else float("inf")
        every = (Event(one["createdAt"].timestamp(), one["message"]) for one in listed_events)
        return tuple(sorted((one for one in every if first <= one.at <= last), key=lambda one: one.at))

    def examine(self) -> Iterator[Finding]:
        yield use(self._reads.describe_clusters(clusters=[CLUSTER]))


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"key": key, "value": tags[key]} for key in sorted(tags)]
