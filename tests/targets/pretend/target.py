"""The pretend platform behind the Target protocol. It has no operation ids: a deployment is found by its revision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, assert_never

from botocore.exceptions import ClientError
from msgspec import to_builtins

from deployer.aws.session import Session
from deployer.core.finding import TargetFinding
from deployer.core.observed import ObservedService, ScalingRevision
from deployer.core.service import ServiceSpec
from deployer.core.target import ServiceStatus
from deployer.targets.base import Event, LogPlaces, Operation, Progress, RunningOperation
from tests.targets.pretend.description import TEST_PLATFORM, read_settings
from tests.targets.pretend.platform import ENDS, Deployment, Platform, Service, Status, Step, in_batches

DELETION: Final = "deletion"
PROGRESS: Final = {
    Step.PENDING: Progress.RUNNING,
    Step.SCALE_UP: Progress.RUNNING,
    Step.BAKE: Progress.RUNNING,
    Step.ROLLBACK: Progress.RUNNING,
    Step.SUCCESSFUL: Progress.SUCCEEDED,
    Step.ROLLBACK_SUCCESSFUL: Progress.ROLLED_BACK,
    Step.ROLLBACK_FAILED: Progress.FAILED,
}


def make_platform(session: Session) -> Platform:
    """A platform that reads the parameters of a session's account."""

    def read(arns: list[str]) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for batch in in_batches(arns):
            paths = {arn.partition(":parameter")[2]: arn for arn in batch}
            answer = session.ssm.get_parameters(Names=list(paths), WithDecryption=True)
            found |= {paths[one["Name"]]: one["Value"] for one in answer["Parameters"]}
        return found

    return Platform(read)


class TestPlatform:
    """A target without a pause and without scaling revisions: it has no calls for either."""

    __test__ = False
    description = TEST_PLATFORM

    def __init__(self, platform: Platform, begin: float) -> None:
        self._platform = platform
        self.interrupted = False  # whether Ctrl-C comes with the next read of a deployment
        self._begin = begin  # the platform's first tick, in seconds since 1970; a tick is a second

    def observe(self, name: str) -> tuple[ObservedService | None, tuple[ScalingRevision, ...]]:
        service = self._platform.find(name)
        if service is None or service.status is Status.INACTIVE:
            return None, ()
        fixed = {} if service.cluster == "default" else {"cluster": service.cluster}
        configuration = service.revisions[service.serving or service.newest.revision]
        status, url = self._status(service), self._platform.url(service)
        return ObservedService(service.arn, url, status, _spec(configuration), dict(service.tags), fixed), ()

    def _status(self, service: Service) -> ServiceStatus:
        match service.status:
            case Status.ACTIVE if any(one.step not in ENDS for one in service.deployments):
                return ServiceStatus.BUSY
            case Status.ACTIVE:
                return ServiceStatus.RUNNING if service.serving else ServiceStatus.CREATE_FAILED
            case Status.DRAINING:
                return ServiceStatus.BUSY
            case Status.INACTIVE:
                return ServiceStatus.GONE
            case _:
                assert_never(service.status)

    def newest_operation(self, arn: str) -> Operation | None:
        if self._platform.status(arn) is Status.DRAINING:
            return Operation(DELETION, "a deletion", Progress.RUNNING, self._begin, deploys=False, deletes=True)
        listed = self._platform.deployments(arn)
        return self._operation(listed[-1]) if listed else None

    def _operation(self, deployment: Deployment) -> Operation:
        ended = self._begin + deployment.ended if deployment.ended else 0.0
        began = self._begin + deployment.at
        progress = PROGRESS[deployment.step]
        return Operation(deployment.revision, "a deployment", progress, began, deploys=True, ended=ended)

    def progress(self, started: RunningOperation) -> Progress | None:
        if started.operation == DELETION:
            gone = self._platform.status(started.service_arn) is Status.INACTIVE
            return Progress.SUCCEEDED if gone else Progress.RUNNING
        found = self._deployment(started)
        if self.interrupted:
            self.interrupted = False
            raise KeyboardInterrupt
        return PROGRESS[found.step] if found else None

    def _deployment(self, started: RunningOperation) -> Deployment | None:
        listed = self._platform.deployments(started.service_arn)
        return next((one for one in listed if one.revision == started.operation), None)

    def create(
        self, name: str, spec: ServiceSpec, tags: Mapping[str, str], fixed: Mapping[str, str]
    ) -> RunningOperation:
        service = self._platform.create(name, fixed.get("cluster", "default"), _configuration(spec), tags)
        return RunningOperation(service.arn, service.newest.revision)

    def update(self, arn: str, spec: ServiceSpec, kept: Mapping[str, object]) -> RunningOperation:
        return RunningOperation(arn, self._platform.update(arn, {**_configuration(spec), **kept}))

    def restart(self, arn: str) -> RunningOperation:
        return RunningOperation(arn, self._platform.redeploy(arn))

    def delete(self, arn: str) -> RunningOperation:
        self._platform.delete(arn)
        return RunningOperation(arn, DELETION)

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._platform.tag(arn, tags)

    def examine(self) -> Iterator[TargetFinding]:
        yield TargetFinding(about=self.description.name, state="ok", text="it is in memory")

    def is_too_new(self, error: ClientError) -> bool:
        return "assume" in str(error)

    def is_occupied(self, error: ClientError) -> bool:
        del error
        return False

    def failure_reason(self, started: RunningOperation, lines: Sequence[str]) -> str:
        """The platform keeps the reason with the deployment."""
        del lines
        found = self._deployment(started)
        return found.reason if found else ""

    def logs(self, started: RunningOperation) -> LogPlaces:
        group = f"/test-platform/{started.service_arn.rpartition('/')[2]}"
        return LogPlaces(group, "", started.operation)

    def events(self, started: RunningOperation, since: float) -> Sequence[Event]:
        """The platform writes no log of its own."""
        service = self._platform.find(started.service_arn.rpartition("/")[2])
        found = service.events if service else []
        return [
            Event(self._begin + tick, text)
            for tick, revision, text in found
            if started.operation in {"", revision} and self._begin + tick >= since
        ]


def _configuration(spec: ServiceSpec) -> dict[str, Any]:
    return {
        "image": spec.image,
        "settings": to_builtins(spec.settings),
        "environment": dict(spec.environment),
        "secrets": dict(spec.secrets),
    }


def _spec(configuration: Mapping[str, Any]) -> ServiceSpec:
    """The platform keeps no order of the variables."""
    environment, secrets = (dict(reversed(configuration[key].items())) for key in ("environment", "secrets"))
    return ServiceSpec(configuration["image"], read_settings(configuration["settings"]), environment, secrets)
