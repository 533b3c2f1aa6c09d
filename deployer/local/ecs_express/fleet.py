"""The tasks of a service revision: start them, and replace those that end or become unhealthy."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from deployer.local.compute.health import HealthCheck, until_healthy, until_unhealthy
from deployer.local.compute.instances import Instance
from deployer.local.compute.problem import Problem
from deployer.local.ecs_express import reasons
from deployer.local.ecs_express.arns import Arns
from deployer.local.ecs_express.limits import Limits
from deployer.local.ecs_express.starter import CannotStart, TaskStarter
from deployer.local.ecs_express.state import Revision, Service, Services
from deployer.local.ecs_express.tasks import (
    BY_SCHEDULER,
    CONTAINER_EXITED,
    FAILED_TO_START,
    Task,
    new_task_id,
)
from deployer.local.proxy import Generation

HEALTHY, UNHEALTHY = 1, 2  # of the target group: a first success was seen to be enough, where the guide has 5
STEADY = 60.0  # seconds after which a task's next failure counts as its first


class Fleet:
    """The tasks of a revision, on one loop. `failed` is called for each task that fails."""

    def __init__(
        self,
        service: Service,
        revision: Revision,
        *,
        services: Services,
        starter: TaskStarter,
        limits: Limits,
        arns: Arns,
        failed: Callable[[], None],
    ) -> None:
        self.revision = revision
        self.generation = Generation()
        self._service = service
        self._services = services
        self._starter = starter
        self._limits = limits
        self._arns = arns
        self._failed = failed
        self._group = arns.target_group(service.name, "one" if len(service.revisions) % 2 else "two")
        self._check = HealthCheck(
            protocol="HTTP",
            path=revision.path,
            interval=limits.check_interval,
            timeout=limits.check_timeout,
            healthy_threshold=HEALTHY,
            unhealthy_threshold=UNHEALTHY,
            agent="ELB-HealthChecker/2.0",
        )
        self._running: dict[str, tuple[Task, Instance]] = {}  # by task id, oldest first
        self._tasks: set[asyncio.Task[Any]] = set()
        self._starting: set[asyncio.Task[Any]] = set()
        self._stopping = False

    @property
    def serving(self) -> list[Instance]:
        """Return the processes of the healthy tasks, oldest first."""
        return [instance for _, instance in self._running.values() if instance in self.generation]

    async def start(self, count: int) -> None:
        """Start so many tasks, and wait until all are healthy; one that fails is tried again.

        What ends the wait is the caller's: `failed` may cancel it.
        """
        loop = asyncio.get_running_loop()
        healthy = [loop.create_future() for _ in range(count)]
        slots = [self._begin(self._occupy(future)) for future in healthy]
        try:
            await asyncio.gather(*healthy)
        except asyncio.CancelledError:
            for slot in slots:
                slot.cancel()
            raise

    async def stop(self, *, drain: float, reason: str) -> None:
        """Deregister the tasks, let requests inside end within `drain` seconds, then stop every process."""
        self._stopping = True
        pending = list(self._tasks)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, *self._starting, return_exceptions=True)
        serving = [task for task, instance in self._running.values() if instance in self.generation]
        if serving:
            self._tell(f"deregistered {len(serving)} targets in (target-group {self._group})")
            self._tell(f"has begun draining connections on {len(serving)} tasks.")
        if drain and serving:
            await self.generation.drained(drain)
        running = list(self._running.values())
        await asyncio.gather(*(self._end(task, instance, BY_SCHEDULER, reason) for task, instance in running))
        if running:
            named = " ".join(f"(task {task.id})" for task, _ in running)
            self._tell(f"has stopped {len(running)} running tasks: {named}.")

    async def _occupy(self, healthy: asyncio.Future[None]) -> None:
        """Keep a task there: whenever it ends or becomes unhealthy, another is started with the values of that time."""
        loop = asyncio.get_running_loop()
        pause = self._limits.backoff
        while True:
            task, instance = await self._launch_until_healthy(pause)
            if not healthy.done():
                healthy.set_result(None)
            began = loop.time()
            why = await until_unhealthy(self._check, instance)
            await self._fell(task, instance, why)
            self._failed()
            pause = self._limits.backoff if loop.time() - began > STEADY else self._longer(pause)

    def _longer(self, pause: float) -> float:
        return min(pause * 2, self._limits.backoff_most)

    async def _launch_until_healthy(self, pause: float) -> tuple[Task, Instance]:
        """Start a task after a pause, and try again as long as that fails, with growing pauses."""
        while True:
            await asyncio.sleep(pause)
            try:
                return await self._launch()
            except CannotStart as problem:
                self._tell(f"was unable to place a task. Reason: {problem}.")
            except Problem:
                pass  # the stopped task has the reason
            self._failed()
            pause = self._longer(pause)

    async def _launch(self) -> tuple[Task, Instance]:
        """Start a task and let it take requests when it is healthy. Raises Problem; then it has stopped."""
        task = self._new_task()
        starting = asyncio.create_task(self._started(task))
        self._starting.add(starting)
        starting.add_done_callback(self._done)
        instance = await asyncio.shield(starting)
        self._tell(f"has started 1 tasks: (task {task.id}).")
        self._move(task, "RUNNING")
        try:
            await until_healthy(self._check, instance, self._limits.start_budget)
        except Problem as problem:
            await self._fell(task, instance, str(problem))
            raise
        self.generation.add(instance)
        self._tell(f"registered 1 targets in (target-group {self._group})")
        return task, instance

    def _done(self, starting: asyncio.Task[Instance]) -> None:
        self._starting.discard(starting)
        if not starting.cancelled():
            starting.exception()  # read even if the caller was cancelled

    async def _started(self, task: Task) -> Instance:
        """Start a process and register it, even if the caller is cancelled meanwhile."""
        try:
            instance = await self._starter.start(self.revision, task, lambda status: self._move(task, status))
        except CannotStart as problem:
            with self._services.lock:
                task.stopping(FAILED_TO_START, str(problem))
                task.container_reason = str(problem)
                task.stopped(None)
            raise
        self._running[task.id] = (task, instance)
        if self._stopping:
            await self._end(task, instance, BY_SCHEDULER, "Task stopped by the service scheduler")
        return instance

    async def _fell(self, task: Task, instance: Instance, why: str) -> None:
        """Stop a task that has ended by itself or fails its health checks."""
        if instance.exit_code is not None:
            await self._end(task, instance, CONTAINER_EXITED, reasons.EXITED)
            return
        port = self.revision.container["containerPort"]
        self._tell(f"(port {port}) is unhealthy in (target-group {self._group}) due to (reason {why})")
        await self._end(task, instance, BY_SCHEDULER, reasons.unhealthy(self._group))

    async def _end(self, task: Task, instance: Instance, code: str, reason: str) -> None:
        self.generation.remove(instance)
        with self._services.lock:
            task.stopping(code, reason)
        await instance.stop(self._limits.stop_grace)
        self._running.pop(task.id, None)
        with self._services.lock:
            task.stopped(instance.exit_code if instance.exit_code is None or instance.exit_code >= 0 else None)
            if instance.exit_code is not None and instance.exit_code < 0:
                task.exit_code = 128 - instance.exit_code  # as a container runtime reports a signal

    def _new_task(self) -> Task:
        service, revision, task_id = self._service, self.revision, new_task_id()
        task = Task(
            arn=self._arns.task(service.cluster, task_id),
            cluster_arn=service.cluster_arn,
            service=service.name,
            revision=revision.arn,
            definition=revision.definition,
            cpu=revision.configuration["cpu"],
            memory=revision.configuration["memory"],
            image=revision.container["image"],
            id=task_id,
        )
        with self._services.lock:
            service.add_task(task)
        return task

    def _move(self, task: Task, status: str) -> None:
        with self._services.lock:
            task.move(status)

    def _tell(self, text: str) -> None:
        with self._services.lock:
            self._service.tell(text)

    def _begin(self, coroutine: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run it until the fleet stops."""
        task = asyncio.create_task(coroutine)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task
