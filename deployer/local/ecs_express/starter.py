"""Start a task: pull its image, read its secrets, and start its process."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployer.local.clients import Clients
from deployer.local.compute import image as images
from deployer.local.compute.instances import Instance
from deployer.local.compute.launcher import Launcher
from deployer.local.compute.logs import LogShipper
from deployer.local.compute.parameters import (
    DeniedParameters,
    MissingParameters,
    parameter_arn,
    read_parameters,
)
from deployer.local.compute.problem import Problem
from deployer.local.compute.roles import assume
from deployer.local.ecs_express import reasons
from deployer.local.ecs_express.configuration import CONTAINER
from deployer.local.ecs_express.limits import Limits
from deployer.local.ecs_express.roles import AUTHORIZE, ON_LOGS, ON_REPOSITORY, TASKS_PRINCIPAL
from deployer.local.ecs_express.state import Revision
from deployer.local.ecs_express.switches import failing_start
from deployer.local.ecs_express.tasks import Task
from deployer.local.faults import Faults
from deployer.local.roles import Role


class CannotStart(Problem):
    """Why a task stopped before its container started: its `stoppedReason`."""


@dataclass(frozen=True)
class PreparedContainer:
    """Everything that starts the process of one task, with the secrets as they are now."""

    image: images.Image
    command: tuple[str, ...]
    environment: dict[str, str] = field(repr=False)
    role: str | None


@dataclass(frozen=True)
class TaskStarter:
    """Starts the tasks of all services. The secrets are read for each task, as on AWS."""

    clients: Clients
    store: images.ImageStore
    launcher: Launcher
    logs: LogShipper
    limits: Limits
    faults: Faults
    account: str
    region: str

    async def start(self, revision: Revision, task: Task, moved: Callable[[str], None]) -> Instance:
        """Start a task's process, which is not yet healthy. Raises CannotStart."""
        step = self.limits.real(self.limits.task_step)
        await asyncio.sleep(step)
        moved("PENDING")
        container = await asyncio.to_thread(self._prepare, revision, task)
        moved("ACTIVATING")
        await asyncio.sleep(step)
        logs = revision.container["awsLogsConfiguration"]
        stream = f"{logs['logStreamPrefix']}/{CONTAINER}/{task.id}"
        try:
            return await self.launcher.start(
                container.command,
                container.image.root,
                container.image.directory,
                container.environment,
                lambda _, line: self.logs.put(logs["logGroup"], stream, line),
                role=container.role,
            )
        except Problem as problem:
            raise CannotStart(f"CannotStartContainerError: {problem}") from problem

    def _prepare(self, revision: Revision, task: Task) -> PreparedContainer:
        """Pull and read. Blocks. Raises CannotStart, without values of variables."""
        try:
            return self._container(revision, task)
        except (BotoCoreError, ClientError) as error:
            raise CannotStart(f"InternalError: a call to this endpoint failed: {error}") from error

    def _container(self, revision: Revision, task: Task) -> PreparedContainer:
        configuration, container = revision.configuration, revision.container
        role_arn = configuration["executionRoleArn"]
        if failure := failing_start(self.faults, container, task.service):
            raise CannotStart(failure)
        role = self._assume(role_arn)
        caller = f"arn:aws:sts::{self.account}:assumed-role/{role_arn.rpartition('/')[2]}/{task.id}"
        secrets = self._secrets(container, role, caller)
        image = self._pull(revision, role, caller)
        task.digest = revision.digest = image.digest
        self._may_log(container, role, caller)
        task_role = configuration.get("taskRoleArn")
        literals = {entry["name"]: entry.get("value") or "" for entry in container.get("environment") or ()}
        return PreparedContainer(
            image=image,
            command=tuple(container.get("command") or ()) or image.command,
            environment={**image.environment, **literals, **secrets},
            role=self._assume(task_role).arn if task_role else None,
        )

    def _assume(self, arn: str) -> Role:
        try:
            return assume(self.clients.iam, arn, TASKS_PRINCIPAL)
        except Problem as problem:
            raise CannotStart(reasons.not_assumable(arn)) from problem

    def _secrets(self, container: dict[str, Any], role: Role, caller: str) -> dict[str, str]:
        references = {entry["name"]: entry["valueFrom"] for entry in container.get("secrets") or ()}
        if not references:
            return {}
        try:
            return read_parameters(self.clients.ssm, references, role, account=self.account, region=self.region)
        except DeniedParameters as denied:
            arn = parameter_arn(denied.names[0], self.account, self.region)
            raise CannotStart(reasons.denied_parameters(caller, arn)) from denied
        except MissingParameters as missing:
            raise CannotStart(reasons.missing_parameters(missing.names)) from missing

    def _pull(self, revision: Revision, role: Role, caller: str) -> images.Image:
        """Pull the image with the execution role. A tag is resolved once, by the first task of the revision."""
        uri = revision.container["image"]
        try:
            identifier = images.parse(uri)
        except Problem as problem:
            raise CannotStart(reasons.cannot_pull(str(problem))) from problem
        if (identifier.account, identifier.region) != (self.account, self.region):
            why = f"the local ECR is that of account {self.account} in {self.region} only"
            raise CannotStart(reasons.cannot_pull(why))
        if not role.may(AUTHORIZE, "*"):
            raise CannotStart(reasons.denied_registry(caller, AUTHORIZE, "*"))
        for action in ON_REPOSITORY:
            if not role.may(action, identifier.repository_arn):
                raise CannotStart(reasons.denied_registry(caller, action, identifier.repository_arn))
        if revision.digest:
            identifier = images.Identifier(self.account, self.region, identifier.repository, digest=revision.digest)
        try:
            return self.store.pull(self.clients.ecr, identifier)
        except images.ImageNotFound as missing:
            raise CannotStart(reasons.image_not_found(uri)) from missing
        except images.WrongPlatform as wrong:
            raise CannotStart(reasons.wrong_platform()) from wrong
        except Problem as problem:
            raise CannotStart(reasons.cannot_pull(str(problem))) from problem

    def _may_log(self, container: dict[str, Any], role: Role, caller: str) -> None:
        group = f"arn:aws:logs:{self.region}:{self.account}:log-group:{container['awsLogsConfiguration']['logGroup']}"
        for action in ON_LOGS:
            if not (role.may(action, f"{group}:*") or role.may(action, f"{group}:log-stream:{CONTAINER}")):
                raise CannotStart(reasons.denied_logs(caller, action, group))
