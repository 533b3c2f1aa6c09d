"""The deployments of all services, from PENDING to their end, with rollback; and the deletion of a service."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Coroutine
from typing import Any, Final

from deployer.local.compute.instances import Instance
from deployer.local.compute.problem import Problem
from deployer.local.ecs_express import deployment as states
from deployer.local.ecs_express import reasons
from deployer.local.ecs_express.alarm import RollbackAlarm
from deployer.local.ecs_express.arns import Arns
from deployer.local.ecs_express.deployment import Deployment
from deployer.local.ecs_express.fleet import Fleet
from deployer.local.ecs_express.limits import Limits
from deployer.local.ecs_express.roles import may_provision
from deployer.local.ecs_express.rollout import AlarmTriggered, Interruption, Live, Rollout
from deployer.local.ecs_express.starter import TaskStarter
from deployer.local.ecs_express.state import ACTIVE, INACTIVE, Revision, Service, Services
from deployer.local.faults import Faults
from deployer.local.proxy import Proxy

LEAVE_WITHIN: Final = 5.0  # seconds for the requests inside when the whole world stops


class Deployments:
    """Runs the deployments on one loop. The public methods that return None at once may be called from any thread."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        services: Services,
        starter: TaskStarter,
        limits: Limits,
        faults: Faults,
        arns: Arns,
    ) -> None:
        self._loop = loop
        self._services = services
        self._starter = starter
        self._limits = limits
        self._faults = faults
        self._arns = arns
        self._rollout = Rollout(
            services,
            limits,
            faults,
            fleet=self._fleet,
            listen=self._proxy,
            retire=self._retire,
            may_provision=lambda service: may_provision(starter.clients.iam, service.infrastructure_role),
        )
        self._live: dict[str, Live] = {}
        self._interruptions: dict[str, Interruption] = {}  # by deployment
        self._turns: dict[str, asyncio.Lock] = {}
        self._fleets: set[Fleet] = set()
        self._proxies: set[Proxy] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stopping = False

    def begin(self, service: Service, deployment: Deployment) -> None:
        """Carry out a deployment in the background. One under way is stopped; how AWS words that is not documented."""
        self._soon(lambda: self._run(service, deployment))

    def interrupt(self, service: Service, deployment: Deployment) -> None:
        """Roll back a deployment under way, as StopServiceDeployment does."""
        self._soon(lambda: self._interrupt(service, deployment, states.ROLLING_BACK, reasons.STOPPED_BY_USER))

    def delete(self, service: Service) -> None:
        """Stop a deployment under way, the tasks and the listener; then the service is INACTIVE."""
        self._soon(lambda: self._delete(service))

    async def stop(self) -> None:
        """Give up what is under way, let requests end, stop every task and close every port."""
        self._stopping = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        patience = min(self._limits.drain, LEAVE_WITHIN)
        await asyncio.gather(*(proxy.close(within=patience) for proxy in list(self._proxies)))
        await asyncio.gather(*(fleet.stop(drain=0, reason="the world stops") for fleet in list(self._fleets)))

    def instances(self) -> list[tuple[Service, Instance]]:
        """Return the processes that serve, oldest first. On the loop."""
        return [
            (service, instance)
            for service in self._services.every()
            if (live := self._live.get(service.arn))
            for fleet in (live.serving, live.attempt)
            if fleet is not None
            for instance in fleet.serving
        ]

    def _soon(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._loop.call_soon_threadsafe(self._start, make)

    def _start(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        if self._stopping:
            return
        task = self._loop.create_task(make())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _fleet(self, service: Service, revision: Revision, failed: Callable[[], None]) -> Fleet:
        fleet = Fleet(
            service,
            revision,
            services=self._services,
            starter=self._starter,
            limits=self._limits,
            arns=self._arns,
            failed=failed,
        )
        self._fleets.add(fleet)
        return fleet

    def _proxy(self, alarm: RollbackAlarm) -> Proxy:
        proxy = Proxy(request_limit=self._limits.request, seen=alarm.seen)
        self._proxies.add(proxy)
        return proxy

    async def _interrupt(self, service: Service, deployment: Deployment, status: str, reason: str) -> None:
        interruption = self._interruptions.get(deployment.arn)
        if interruption is not None:
            interruption.strike(status, reason)

    async def _run(self, service: Service, deployment: Deployment) -> None:
        """Carry out a deployment after the one under way was stopped."""
        late = self._faults.take("ecs_list_late", service=service.name)
        await asyncio.sleep(late["seconds"] if late else self._limits.real(self._limits.listed))
        interruption = self._interruptions[deployment.arn] = Interruption()
        for older in service.deployments[: service.deployments.index(deployment)]:
            if not older.ended:
                await self._interrupt(service, older, states.STOPPED, reasons.SUPERSEDED)
        async with self._turn(service):
            await self._carry_out(service, deployment, interruption)
        del self._interruptions[deployment.arn]

    async def _carry_out(self, service: Service, deployment: Deployment, interruption: Interruption) -> None:
        minute = self._limits.real(self._limits.minute)
        with self._services.lock:
            if service.status != ACTIVE:
                return
            live = self._live.setdefault(service.arn, Live(RollbackAlarm(minute, self._loop.time)))
            deployment.source = live.serving.revision if live.serving else None
            deployment.listed, service.current = True, deployment
            if deployment.target not in service.active:
                service.active = [*service.active[-1:], deployment.target] if live.serving else [deployment.target]
        if interruption.struck():
            await self._end(service, deployment, live, interruption.status, interruption.reason)
            return
        interruption.body = asyncio.create_task(self._rollout.advance(service, deployment, live, interruption))
        try:
            await interruption.body
        except asyncio.CancelledError:
            if not interruption.struck():
                interruption.body.cancel()
                raise
            await self._end(service, deployment, live, interruption.status, interruption.reason)
        except AlarmTriggered:
            deployment.alarms = states.TRIGGERED
            reason = reasons.rolled_back_by_alarm(deployment.alarm)
            await self._end(service, deployment, live, states.ROLLING_BACK, reason)
        except Exception as error:  # noqa: BLE001 -- whatever happens, the version before goes on
            await self._end(service, deployment, live, states.ROLLING_BACK, _why(error))
        else:
            self._succeed(service, deployment, live)

    def _succeed(self, service: Service, deployment: Deployment, live: Live) -> None:
        live.serving, live.attempt = live.attempt, None
        with self._services.lock:
            service.active, service.current = [deployment.target], None
            deployment.move(states.SUCCESSFUL)
            service.tell(f"(deployment ecs-svc/{deployment.id}) deployment completed.")
            service.tell("has reached a steady state.")

    async def _end(self, service: Service, deployment: Deployment, live: Live, status: str, reason: str) -> None:
        """End a deployment that did not succeed: superseded, or rolled back if there is a revision to return to."""
        if status == states.ROLLING_BACK and deployment.source is None:
            with self._services.lock:
                deployment.move(states.ROLLING_BACK, reason)
            await self._retire_attempt(deployment, live)
            status, reason = states.ROLLBACK_FAILED, reasons.NO_CANDIDATE
        elif status == states.ROLLING_BACK:
            assert deployment.source is not None
            back = {"reason": reason, "startedAt": time.time(), "serviceRevisionArn": deployment.source.arn}
            with self._services.lock:
                deployment.move(states.ROLLING_BACK, reason)
                deployment.rollback = back
                service.tell(f"rolling back to (service revision {deployment.source.arn.rpartition('/')[2]}).")
            returned = await self._return_to(service, deployment.source, live)
            await self._retire_attempt(deployment, live)
            await asyncio.sleep(self._limits.real(self._limits.settle))
            status = states.ROLLED_BACK if returned else states.ROLLBACK_FAILED
        else:
            await self._stop_attempt(deployment, live)
        with self._services.lock:
            deployment.weight = 0.0
            if live.serving is not None:
                service.active = [live.serving.revision]
            if service.current is deployment:
                service.current = None
            deployment.move(status, reason)

    async def _stop_attempt(self, deployment: Deployment, live: Live) -> None:
        """Give up a superseded deployment: the revision before takes all requests again."""
        with self._services.lock:
            deployment.move(states.STOP_REQUESTED)
        if live.serving is None and live.attempt is not None and live.attempt.generation:
            live.serving, live.attempt = live.attempt, None  # it was cleaning up, or it was the first: it serves
            return
        if live.proxy and live.serving:
            live.proxy.current = live.serving.generation
        await self._retire_attempt(deployment, live)

    async def _return_to(self, service: Service, source: Revision, live: Live) -> bool:
        """Let the revision before serve again, and return whether it does.

        Its tasks are started again if they were stopped already.
        """
        if live.serving is None:
            broken, failures = asyncio.Event(), 0

            def failed() -> None:
                nonlocal failures
                failures += 1
                if failures >= states.FEWEST_FAILURES:
                    broken.set()

            live.serving = self._fleet(service, source, failed)
            waits = [asyncio.create_task(live.serving.start(source.low)), asyncio.create_task(broken.wait())]
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            waits[1].cancel()
            if broken.is_set():
                waits[0].cancel()
                return False
        if live.proxy and not live.split:
            live.proxy.current = live.serving.generation
        return True

    async def _retire_attempt(self, deployment: Deployment, live: Live) -> None:
        if live.attempt is not None:
            fleet, live.attempt = live.attempt, None
            if live.serving is None and live.proxy:
                live.proxy.current = None
            await self._retire(fleet, reasons.scaled_in(deployment.id))

    async def _retire(self, fleet: Fleet, reason: str) -> None:
        await fleet.stop(drain=self._limits.drain, reason=reason)
        self._fleets.discard(fleet)

    async def _delete(self, service: Service) -> None:
        for deployment in service.deployments:
            if not deployment.ended:
                await self._interrupt(service, deployment, states.STOPPED, "the service was deleted")
        async with self._turn(service):
            live = self._live.pop(service.arn, None)
            if live and live.proxy:
                live.proxy.current = None
            for fleet in (live.serving, live.attempt) if live else ():
                if fleet is not None:
                    await self._retire(fleet, f"Service {service.name} was deleted")
            await asyncio.sleep(self._limits.real(self._limits.deleted))
            if live and live.proxy:
                with contextlib.suppress(OSError):
                    await live.proxy.close(within=self._limits.drain)
                self._proxies.discard(live.proxy)
            with self._services.lock:
                for deployment in service.deployments:
                    if not deployment.ended:
                        deployment.move(states.STOPPED)
                service.active, service.current = [], None
                service.become(INACTIVE)

    def _turn(self, service: Service) -> asyncio.Lock:
        """Return the lock under which a service's deployments and its deletion follow each other."""
        return self._turns.setdefault(service.arn, asyncio.Lock())


def _why(error: Exception) -> str:
    """Return the reason of a failure. A bug of the emulator writes its trace to the world's log."""
    if isinstance(error, Problem):
        return str(error)
    traceback.print_exception(error, file=sys.stderr)
    return f"The emulator itself is at fault ({type(error).__name__}); the local world's log has the details."
