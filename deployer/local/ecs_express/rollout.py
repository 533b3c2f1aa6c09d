"""The course of one deployment: scale up, shift the traffic in two steps, bake after each, and clean up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from deployer.local.compute.problem import Problem
from deployer.local.ecs_express import deployment as states
from deployer.local.ecs_express import reasons, resources
from deployer.local.ecs_express.alarm import RollbackAlarm
from deployer.local.ecs_express.deployment import Deployment
from deployer.local.ecs_express.fleet import Fleet
from deployer.local.ecs_express.limits import Limits
from deployer.local.ecs_express.state import CANARY_PERCENT, Revision, Service, Services
from deployer.local.faults import Faults
from deployer.local.proxy import Generation, Proxy, Split

LOOK: Final = 0.02  # seconds between two looks whether a held deployment may go on
NEVER_RETRIED: Final = (
    "User is not authorized to perform: elasticloadbalancing:CreateLoadBalancer because no identity-based policy "
    "allows the elasticloadbalancing:CreateLoadBalancer action"
)


class AlarmTriggered(Exception):
    """The rollback alarm rings during a bake."""


@dataclass
class Live:
    """The running state of a service: its listener, the tasks that serve, and those of a deployment under way.

    `split` means that the listener rule has two target groups with a weight, so that ECS refuses every deployment.
    """

    alarm: RollbackAlarm
    proxy: Proxy | None = None
    serving: Fleet | None = None
    attempt: Fleet | None = None
    split: bool = False


@dataclass
class Interruption:
    """Why a deployment was cancelled from outside or by its own tasks; "" while it was not."""

    status: str = ""
    reason: str = ""
    body: asyncio.Task[None] | None = field(default=None, repr=False)

    def struck(self) -> bool:
        return bool(self.status)

    def strike(self, status: str, reason: str) -> None:
        """Cancel the deployment, also before it begins; the first cause stays."""
        if self.struck() or (self.body is not None and self.body.done()):
            return
        self.status, self.reason = status, reason
        if self.body is not None:
            self.body.cancel()


class Rollout:
    """Carries out deployments on one loop.

    `fleet` makes the tasks of a revision and `retire` stops them, `listen` makes a service's proxy. `may_provision`
    returns whether the infrastructure role has its rights; it blocks.
    """

    def __init__(
        self,
        services: Services,
        limits: Limits,
        faults: Faults,
        *,
        fleet: Callable[[Service, Revision, Callable[[], None]], Fleet],
        listen: Callable[[RollbackAlarm], Proxy],
        retire: Callable[[Fleet, str], Awaitable[None]],
        may_provision: Callable[[Service], bool],
    ) -> None:
        self._services = services
        self._limits = limits
        self._faults = faults
        self._fleet = fleet
        self._listen = listen
        self._retire = retire
        self._may_provision = may_provision

    async def advance(self, service: Service, deployment: Deployment, live: Live, interruption: Interruption) -> None:
        """Carry out a deployment up to SUCCESSFUL. Raises Problem and AlarmTriggered; may be cancelled anywhere."""
        await self._wait(self._limits.pending)
        await self._held(service, "PENDING")
        with self._services.lock:
            deployment.move(states.IN_PROGRESS)
            deployment.alarms = states.DISABLED if live.alarm.rings() else states.MONITORING
        await self._stage(service, deployment, "RECONCILE_SERVICE")
        if live.split:
            raise Problem(reasons.SPLIT_RULE)
        if live.proxy is None:
            await self._provision(service, live)
        await self._stage(service, deployment, "PRE_SCALE_UP")
        await self._scale_up(service, deployment, live, interruption)
        for stage in ("POST_SCALE_UP", "TEST_TRAFFIC_SHIFT", "POST_TEST_TRAFFIC_SHIFT"):
            await self._stage(service, deployment, stage)
        await self._shift(service, deployment, live)
        await self._stage(service, deployment, "BAKE_TIME")
        await self._bake(deployment, live, deployment.configuration["bakeTimeInMinutes"])
        await self._stage(service, deployment, "CLEAN_UP")
        await self._clean_up(deployment, live)
        if self._strikes("ecs_split_rule", service):
            self._split(live)

    async def _provision(self, service: Service, live: Live) -> None:
        """Wait for the managed resources one by one. The URL refuses, then answers 503, then serves."""
        while service.resources.ready < len(resources.ORDER):
            await self._wait(self._limits.resource)
            if service.resources.ready == resources.LOAD_BALANCER:
                await self._create_load_balancer(service)
            if service.resources.ready == resources.LISTENING - 1:
                live.proxy = await self._open(service, live)
            with self._services.lock:
                service.resources.advance()

    async def _create_load_balancer(self, service: Service) -> None:
        """Return if the infrastructure role may do it. A refusal is not tried again: the deployment never ends."""
        failed = service.resources.failure == NEVER_RETRIED or self._strikes("ecs_wedge", service)
        if failed or not await asyncio.to_thread(self._may_provision, service):
            with self._services.lock:
                service.resources.failure = NEVER_RETRIED
            await asyncio.Event().wait()

    async def _open(self, service: Service, live: Live) -> Proxy:
        proxy = self._listen(live.alarm)
        try:
            await proxy.open(service.port)
        except OSError as error:
            why = f"Port {service.port} of 127.0.0.1 cannot be opened for the service: {error.strerror}."
            with self._services.lock:
                service.resources.failure = why
            raise Problem(why) from error
        return proxy

    async def _scale_up(self, service: Service, deployment: Deployment, live: Live, interruption: Interruption) -> None:
        await self._stage(service, deployment, "SCALE_UP")

        def failed() -> None:
            """Count a task that failed, and trip the circuit breaker."""
            with self._services.lock:
                if deployment.ended or deployment.breaker == states.TRIGGERED:
                    return
                deployment.failures += 1
                if deployment.failures < deployment.threshold:
                    return
                deployment.breaker = states.TRIGGERED
                service.tell(f"(deployment ecs-svc/{deployment.id}) deployment failed: tasks failed to start.")
            interruption.strike(states.ROLLING_BACK, reasons.ROLLED_BACK_BY_BREAKER)

        live.attempt = self._fleet(service, deployment.target, failed)
        count = 0 if self._strikes("ecs_desired_zero", service) else deployment.target.low
        with self._services.lock:
            service.desired = count
        await live.attempt.start(count)

    async def _shift(self, service: Service, deployment: Deployment, live: Live) -> None:
        """Move the traffic: first the canary's share, where a revision serves already, then all of it."""
        await self._stage(service, deployment, "PRODUCTION_TRAFFIC_SHIFT")
        assert live.proxy is not None
        assert live.attempt is not None
        if live.serving is not None and live.serving.generation and live.attempt.generation:
            live.proxy.current = Split(live.serving.generation, live.attempt.generation, 100 / CANARY_PERCENT)
            with self._services.lock:
                deployment.weight = CANARY_PERCENT
            canary = deployment.configuration["canaryConfiguration"]
            await self._bake(deployment, live, canary["canaryBakeTimeInMinutes"])
        live.proxy.current = live.attempt.generation
        with self._services.lock:
            deployment.weight = 100.0
        await self._stage(service, deployment, "POST_PRODUCTION_TRAFFIC_SHIFT")

    async def _clean_up(self, deployment: Deployment, live: Live) -> None:
        """Stop the replaced tasks: deregister, drain, SIGTERM, and after the grace SIGKILL."""
        if live.serving is not None:
            replaced, live.serving = live.serving, None
            await asyncio.shield(asyncio.ensure_future(self._retire(replaced, reasons.scaled_in(deployment.id))))

    def _split(self, live: Live) -> None:
        """Leave the rule as after the canary's first step: nearly all requests go to a group without targets."""
        assert live.proxy is not None
        assert live.attempt is not None
        live.proxy.current = Split(Generation(), live.attempt.generation, 100 / CANARY_PERCENT)
        live.split = True

    async def _bake(self, deployment: Deployment, live: Live, minutes: float) -> None:
        """Wait, and watch the alarm. That it is not watched if it rings before the deployment is not verified."""
        loop = asyncio.get_running_loop()
        minute = self._limits.real(self._limits.minute)
        end = loop.time() + minutes * minute
        while True:
            if deployment.alarms != states.DISABLED and live.alarm.rings():
                raise AlarmTriggered
            left = end - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, minute / 4))

    async def _stage(self, service: Service, deployment: Deployment, stage: str) -> None:
        with self._services.lock:
            deployment.enter(stage)
        await self._held(service, stage)
        await self._wait(self._limits.stage)

    async def _wait(self, seconds: float) -> None:
        await asyncio.sleep(self._limits.real(seconds))

    def _strikes(self, switch: str, service: Service) -> bool:
        """Return whether a switch without parameters is on for a service, and count it."""
        return self._faults.take(switch, service=service.name) is not None

    async def _held(self, service: Service, stage: str) -> None:
        hold = self._faults.take("ecs_hold", stage=stage, service=service.name)
        if hold is None:
            return
        loop = asyncio.get_running_loop()
        end = loop.time() + hold["seconds"]
        while loop.time() < end and self._faults.stands(hold):  # noqa: ASYNC110 -- threads turn the switches
            await asyncio.sleep(LOOK)
