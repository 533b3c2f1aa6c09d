"""The asynchronous operations, from PENDING to their end: deployments with rollback, pause, resume, delete."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from deployer.local.apprunner.automatic import OPERATION, watched
from deployer.local.apprunner.deploy import Preparer
from deployer.local.apprunner.events import Journal
from deployer.local.apprunner.limits import Limits
from deployer.local.apprunner.rollout import Attempt, Live, Rollout, route
from deployer.local.apprunner.scaling import Scaling
from deployer.local.apprunner.state import (
    CREATE_FAILED,
    DELETED,
    IN_OPERATION,
    PAUSED,
    RUNNING,
    Operation,
    Service,
    Services,
)
from deployer.local.compute.image import Identifier
from deployer.local.compute.instances import Instance
from deployer.local.compute.launcher import Launcher
from deployer.local.compute.logs import LogShipper
from deployer.local.compute.problem import Problem
from deployer.local.faults import Faults

FLUSH_WITHIN = 3.0  # seconds; whoever sees an operation end should find its log complete
LOOK = 0.02  # seconds between two looks whether an operation is still held


@dataclass(frozen=True)
class Previous:
    """The state to which a service returns when a deployment fails."""

    configuration: dict[str, Any]
    scaling_arn: str


@dataclass(frozen=True)
class End:
    operation: str
    service: str


class Operations:
    """Runs the operations of all services on one loop. `begin` may be called from any thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        services: Services,
        scaling: Scaling,
        preparer: Preparer,
        launcher: Launcher,
        logs: LogShipper,
        limits: Limits,
        faults: Faults,
    ) -> None:
        self._loop = loop
        self._services = services
        self._scaling = scaling
        self._preparer = preparer
        self._rollout = Rollout(launcher, limits)
        self._logs = logs
        self._limits = limits
        self._faults = faults
        self._live: dict[str, Live] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def begin(self, service: Service, operation: Operation, previous: Previous | None = None) -> None:
        """Run the operation in the background. `previous` is what an update replaced."""
        self._loop.call_soon_threadsafe(self._start, self._run(service, operation, previous))

    def pushed(self, image: Identifier) -> None:
        """Deploy the image to every service that watches its tag. Any thread."""
        with self._services.lock:
            for service in self._services.living():
                if service.status in {RUNNING, IN_OPERATION} and watched(service.configuration) == image:
                    service.pushed = image
                    self._deploy_pushed(service)

    def _deploy_pushed(self, service: Service) -> None:
        """Begin an automatic deployment, if one waits and none is under way. Within the lock."""
        if service.status == IN_OPERATION:
            return
        image, service.pushed = service.pushed, None
        if image and service.status == RUNNING and watched(service.configuration) == image:
            self.begin(service, service.begin(OPERATION))

    async def stop(self) -> None:
        """Give up what is under way, let requests end, stop every instance and close every port."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._rollout.stop()

    def instances(self) -> list[tuple[Service, Instance]]:
        """Return the instances that serve, oldest first. On the loop."""
        services = {service.arn: service for service in self._services.every()}
        return [
            (services[arn], instance)
            for arn, live in self._live.items()
            if live.fleet is not None
            for instance in live.fleet.serving
        ]

    def _start(self, coroutine: Coroutine[Any, Any, None]) -> None:
        if self._stopping:
            coroutine.close()
            return
        task = self._loop.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self, service: Service, operation: Operation, previous: Previous | None) -> None:
        journal = Journal.of(self._logs, service, operation)
        with self._services.lock:
            operation.move("IN_PROGRESS")
        kinds: dict[str, Callable[[], Awaitable[End]]] = {
            "CREATE_SERVICE": lambda: self._deploy(service, operation, previous, journal),
            "UPDATE_SERVICE": lambda: self._update(service, operation, previous, journal),
            "START_DEPLOYMENT": lambda: self._deploy(service, operation, previous, journal),
            "PAUSE_SERVICE": lambda: self._pause(service),
            "RESUME_SERVICE": lambda: self._resume(service, journal),
            "DELETE_SERVICE": lambda: self._delete(service),
        }
        journal.event(f"{operation.type} with ID {operation.id} started.")
        await self._held(service, operation)
        try:
            end = await kinds[operation.type]()
        except Exception as error:  # noqa: BLE001 -- an operation must end, whatever happens
            journal.event(str(_fault(error)))
            end = End("FAILED", RUNNING if service.arn in self._live else CREATE_FAILED)
        journal.event(f"{operation.type} with ID {operation.id} ended: {end.operation}. The service is {end.service}.")
        await asyncio.to_thread(self._logs.flush, FLUSH_WITHIN)
        with self._services.lock:
            service.become(end.service)
            operation.move(end.operation, ended=True)
            self._deploy_pushed(service)

    async def _held(self, service: Service, operation: Operation) -> None:
        hold = self._faults.take("hold", operation=operation.type, service=service.name)
        if hold is None:
            return
        end = self._loop.time() + hold["seconds"]
        while self._loop.time() < end and self._faults.stands(hold):  # noqa: ASYNC110 -- threads turn the switches
            await asyncio.sleep(LOOK)

    async def _update(self, service: Service, operation: Operation, previous: Previous | None, journal: Journal) -> End:
        """Deploy an update. An unchanged configuration leaves the instances as they are, even if a tag has moved.

        That secrets are then not read again is documented (developer guide, "Referencing environment variables":
        redeploy the service). How the real operation ends is not verified.
        """
        if previous == Previous(service.configuration, service.scaling_arn) and service.arn in self._live:
            journal.event("The configuration is the one before. Nothing is deployed.")
            return End("SUCCEEDED", RUNNING)
        return await self._deploy(service, operation, previous, journal)

    async def _deploy(self, service: Service, operation: Operation, previous: Previous | None, journal: Journal) -> End:
        live, attempt = self._live.get(service.arn), Attempt()
        try:
            version = await asyncio.to_thread(
                self._preparer.prepare,
                service.configuration,
                self._scaling.find(service.scaling_arn),
                journal.step,
            )
            journal.step(f"Starting {version.low} instances. Health check: {version.check.describe()}.")
            await self._rollout.bring_up(attempt, version, live, journal)
        except Exception as error:  # noqa: BLE001 -- whatever happens, the version before goes on
            problem = error if isinstance(error, Problem) else _fault(error)
            journal.step(str(problem))
            journal.event(f"Deployment with ID {operation.id} failed. Failure reason: {problem}")
            if live:
                with self._services.lock:
                    operation.move("ROLLBACK_IN_PROGRESS")
            await self._rollout.give_up(attempt, live, journal)
            return self._failed(service, live, previous, journal)
        journal.step("Health check is successful. Routing traffic to the new instances.")
        route(attempt.proxy, attempt.fleet)
        self._live[service.arn] = Live(attempt.proxy, version, attempt.fleet)
        if live and live.fleet:
            self._start(self._rollout.retire(live.fleet, drain=self._limits.drain))
        if live and live.proxy and live.proxy is not attempt.proxy:
            self._start(self._rollout.unlisten(live.proxy))
        return End("SUCCEEDED", RUNNING)

    def _failed(self, service: Service, live: Live | None, previous: Previous | None, journal: Journal) -> End:
        """End a failed deployment: the previous version keeps serving, if there is one."""
        if live is None:
            return End("FAILED", CREATE_FAILED)
        if previous:
            with self._services.lock:
                service.configuration, service.scaling_arn = previous.configuration, previous.scaling_arn
        journal.event("The version before is serving." if live.serves else "The version before cannot serve.")
        return End("ROLLBACK_SUCCEEDED" if live.serves else "ROLLBACK_FAILED", RUNNING)

    async def _pause(self, service: Service) -> End:
        live = self._live[service.arn]
        route(live.proxy, None)
        if live.fleet:
            await self._rollout.retire(live.fleet, drain=self._limits.drain)
        live.fleet = None
        return End("SUCCEEDED", PAUSED)

    async def _resume(self, service: Service, journal: Journal) -> End:
        """Start the last deployed version again, with the image and the secrets of that deployment."""
        live = self._live[service.arn]
        fleet = self._rollout.fleet(live.version, journal)
        try:
            await fleet.start()
        except Problem as problem:
            journal.event(f"The service cannot be resumed. Failure reason: {problem}")
            await self._rollout.retire(fleet, drain=0)
            return End("FAILED", PAUSED)
        live.fleet = fleet
        route(live.proxy, fleet)
        return End("SUCCEEDED", RUNNING)

    async def _delete(self, service: Service) -> End:
        live = self._live.pop(service.arn, None)
        if live:
            route(live.proxy, None)
            if live.fleet:
                await self._rollout.retire(live.fleet, drain=self._limits.drain)
            if live.proxy:
                await self._rollout.unlisten(live.proxy)
        return End("SUCCEEDED", DELETED)


def _fault(error: Exception) -> Problem:
    """Report a bug of the emulator: write the trace to the world's log, and return a Problem."""
    traceback.print_exception(error, file=sys.stderr)
    return Problem(f"The emulator itself is at fault ({type(error).__name__}); the local world's log has the details.")
