"""A compute platform in memory, as unlike App Runner as Amazon ECS: revisions, deployments and a rollback of its own.

It has a clock: each call is a tick, and every deployment goes one step with it. A step does what its name says:
containers are started with the values that their parameters have at that moment, and answer over HTTP.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Final

from botocore.exceptions import ClientError

UNLISTED: Final = 2  # ticks until a new deployment is listed
ReadParameters = Callable[[list[str]], Mapping[str, str]]  # by ARN; without those that do not exist


class Status(Enum):
    """The status of a service. ACTIVE says nothing about its health."""

    ACTIVE = "ACTIVE"
    DRAINING = "DRAINING"
    INACTIVE = "INACTIVE"


class Step(Enum):
    """The state of a deployment. There is no FAILED."""

    PENDING = "PENDING"
    SCALE_UP = "IN_PROGRESS"
    BAKE = "IN_PROGRESS, BAKE_TIME"
    SUCCESSFUL = "SUCCESSFUL"
    ROLLBACK = "ROLLBACK_IN_PROGRESS"
    ROLLBACK_SUCCESSFUL = "ROLLBACK_SUCCESSFUL"
    ROLLBACK_FAILED = "ROLLBACK_FAILED"


ENDS: Final = {Step.SUCCESSFUL, Step.ROLLBACK_SUCCESSFUL, Step.ROLLBACK_FAILED}


@dataclass
class Deployment:
    """One deployment, found by the revision that it brings. `at` is its tick, and a step takes `pace` ticks."""

    revision: str
    at: int
    pace: int = 1
    step: Step = Step.PENDING
    reason: str = ""
    ended: int = 0


@dataclass
class Service:
    """A service: its revisions (a configuration each), its deployments, and what its containers hold."""

    arn: str
    name: str
    cluster: str
    status: Status = Status.ACTIVE
    tags: dict[str, str] = field(default_factory=dict)
    revisions: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    deployments: list[Deployment] = field(default_factory=list)
    serving: str = ""  # the revision that answers
    held: Mapping[str, str] = field(default_factory=dict)  # the variables of its containers
    events: list[tuple[int, str, str]] = field(default_factory=list)  # tick, revision and text, as of a console

    @property
    def newest(self) -> Deployment:
        return self.deployments[-1]


class Platform:
    """The API. Refusals are ClientErrors, as of any AWS service."""

    def __init__(self, read: ReadParameters) -> None:
        self._read = read
        self._services: dict[str, Service] = {}
        self._now = 0
        self.writes = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, service: Service) -> str:
        """Without a scheme, as a host of AWS."""
        return f"127.0.0.1:{self._server.server_port}/{service.name}"

    def create(self, name: str, cluster: str, configuration: Mapping[str, Any], tags: Mapping[str, str]) -> Service:
        arn = f"arn:aws:test-platform:us-west-2:000000000000:service/{cluster}/{name}"
        if arn in self._services and self._services[arn].status is not Status.INACTIVE:
            raise _refusal("CreateService", "InvalidParameterException", "Creation of service was not idempotent.")
        service = self._services[arn] = Service(arn, name, cluster, tags=dict(tags))
        self._deploy(service, configuration)
        return service

    def update(self, arn: str, configuration: Mapping[str, Any], *, pace: int = 1) -> str:
        """The new revision. A deployment that is under way is not refused."""
        service = self._services[arn]
        if service.status is not Status.ACTIVE:
            raise _refusal("UpdateService", "ServiceNotActiveException", "The service is not active.")
        return self._deploy(service, configuration, pace)

    def redeploy(self, arn: str) -> str:
        """The revision of a deployment of the same configuration."""
        return self.update(arn, self._services[arn].revisions[self._services[arn].serving])

    def delete(self, arn: str) -> None:
        self._tick()
        self.writes += 1
        self._services[arn].status = Status.DRAINING
        self._services[arn].serving = ""

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._tick()
        self.writes += 1
        self._services[arn].tags |= tags

    def find(self, name: str) -> Service | None:
        """The service of this name in any cluster, also one that is gone."""
        self._tick()
        return next((service for service in self._services.values() if service.name == name), None)

    def deployments(self, arn: str) -> list[Deployment]:
        """The listed deployments, oldest first."""
        self._tick()
        return [one for one in self._services[arn].deployments if self._now - one.at > UNLISTED]

    def status(self, arn: str) -> Status:
        self._tick()
        return self._services[arn].status

    def answer(self, path: str) -> tuple[int, str]:
        """The status code and the release of an HTTP request to one of the services."""
        name = path.strip("/").partition("/")[0]
        service = next((one for one in self._services.values() if one.name == name and one.serving), None)
        return (200, service.held.get("APP_RELEASE", "")) if service else (503, "")

    def _deploy(self, service: Service, configuration: Mapping[str, Any], pace: int = 1) -> str:
        self._tick()
        self.writes += 1
        both = {**configuration["environment"]}.keys() & {**configuration["secrets"]}.keys()
        if both:
            raise _refusal("UpdateService", "ClientException", f"The secret name must be unique: {sorted(both)}")
        revision = f"revision/{service.name}/{len(service.revisions) + 1}"
        service.revisions[revision] = json.loads(json.dumps(configuration))
        service.deployments.append(Deployment(revision, self._now, pace))
        return revision

    def _tick(self) -> None:
        self._now += 1
        for service in self._services.values():
            if service.status is Status.DRAINING:
                service.status = Status.INACTIVE
            for deployment in service.deployments:
                age = self._now - deployment.at
                if deployment.step not in ENDS and age and age % deployment.pace == 0:
                    self._go_on(service, deployment)

    def _go_on(self, service: Service, deployment: Deployment) -> None:
        """One step of a deployment."""
        match deployment.step:
            case Step.PENDING:
                deployment.step = Step.SCALE_UP
            case Step.SCALE_UP:
                held, deployment.reason = self._start(service.revisions[deployment.revision])
                did = f"deployment failed: {deployment.reason}" if deployment.reason else "has started 1 tasks"
                service.events.append((self._now, deployment.revision, f"(service {service.name}) {did}"))
                if deployment.reason:
                    deployment.step = Step.ROLLBACK
                else:
                    service.serving, service.held, deployment.step = deployment.revision, held, Step.BAKE
            case Step.BAKE:
                deployment.step = Step.SUCCESSFUL
            case Step.ROLLBACK:
                deployment.step = Step.ROLLBACK_SUCCESSFUL if service.serving else Step.ROLLBACK_FAILED
        if deployment.step in ENDS:
            deployment.ended = self._now

    def _start(self, configuration: Mapping[str, Any]) -> tuple[Mapping[str, str], str]:
        """Start a container: its variables, and why it stopped, "" when it is healthy."""
        secrets = configuration["secrets"]
        values = self._read(list(secrets.values()))
        if missing := sorted(set(secrets.values()) - values.keys()):
            return {}, f"ResourceInitializationError: invalid ssm parameters: {', '.join(missing)}"
        held = {**configuration["environment"], **{name: values[arn] for name, arn in secrets.items()}}
        if "unhealthy" in held.get("ORIGINS", ""):
            return {}, "the circuit breaker threshold was exceeded"
        return held, ""


def _refusal(call: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, call)


def _handler(platform: Platform) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            code, release = platform.answer(self.path)
            self.send_response(code)
            self.send_header("X-App-Release", release)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 -- the name it has there
            del format, arguments

    return Handler


def in_batches(names: list[str], size: int = 10) -> Iterator[list[str]]:
    """As GetParameters takes them."""
    yield from (names[at : at + size] for at in range(0, len(names), size))
