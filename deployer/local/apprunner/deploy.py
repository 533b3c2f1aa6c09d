"""Prepare a version before its first instance starts: pull the image and read the secrets."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployer.local.apprunner import secrets
from deployer.local.apprunner.configuration import public
from deployer.local.apprunner.fleet import Version
from deployer.local.apprunner.roles import ACCESS_PRINCIPAL, INSTANCE_PRINCIPAL
from deployer.local.apprunner.scaling import ScalingRevision
from deployer.local.clients import Clients
from deployer.local.compute import image as images
from deployer.local.compute.health import HealthCheck
from deployer.local.compute.problem import Problem
from deployer.local.compute.roles import assume

# App Runner developer guide, "How App Runner works with IAM": what the access role must allow.
ON_REPOSITORY = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
)


@dataclass(frozen=True)
class Preparer:
    """Prepares versions. Its methods block, and may be called from any thread."""

    clients: Clients
    store: images.ImageStore
    account: str
    region: str

    def prepare(
        self, configuration: Mapping[str, Any], scaling: ScalingRevision, tell: Callable[[str], None]
    ) -> Version:
        """Return a version that is ready to start. Raises Problem, without values of variables."""
        try:
            return self._prepare(configuration, scaling, tell)
        except (BotoCoreError, ClientError) as error:
            raise Problem(f"A call to this endpoint failed: {error}") from error

    def _prepare(
        self, configuration: Mapping[str, Any], scaling: ScalingRevision, tell: Callable[[str], None]
    ) -> Version:
        source = configuration["SourceConfiguration"]
        container = source["ImageRepository"]["ImageConfiguration"]
        tell(f"Pulling image {source['ImageRepository']['ImageIdentifier']} from ECR.")
        image = self._pull(source)
        tell(f"Successfully pulled image {image.digest} from ECR.")
        role_arn = configuration["InstanceConfiguration"].get("InstanceRoleArn")
        role = assume(self.clients.iam, role_arn, INSTANCE_PRINCIPAL) if role_arn else None
        values = secrets.resolve(
            self.clients.ssm,
            container.get("RuntimeEnvironmentSecrets") or {},
            role,
            account=self.account,
            region=self.region,
        )
        if values:
            tell(f"Successfully read {len(values)} secrets.")
        command = tuple(shlex.split(container.get("StartCommand") or "")) or image.command
        port, fixed = int(container["Port"]), names_port(command, container["Port"])
        if fixed and scaling.low > 1:
            left = scaling.low - 1
            tell(f"The command names port {port}, which only one instance can have here. {left} are not started.")
        return Version(
            configuration=configuration,
            image=image,
            command=command,
            environment={**image.environment, **(container.get("RuntimeEnvironmentVariables") or {}), **values},
            check=_health_check(configuration["HealthCheckConfiguration"]),
            port=port if fixed or public(configuration) else None,
            fixed=fixed,
            role=role.arn if role else None,
            low=1 if fixed else scaling.low,
            high=1 if fixed else scaling.high,
            concurrency=scaling.concurrency,
        )

    def _pull(self, source: Mapping[str, Any]) -> images.Image:
        """Pull the image with the access role, which must have all rights that App Runner's guide lists."""
        identifier = images.parse(source["ImageRepository"]["ImageIdentifier"])
        if (identifier.account, identifier.region) != (self.account, self.region):
            raise Problem(f"The local ECR is that of account {self.account} in {self.region} only.")
        role = assume(self.clients.iam, source["AuthenticationConfiguration"]["AccessRoleArn"], ACCESS_PRINCIPAL)
        denied = [action for action in ON_REPOSITORY if not role.may(action, identifier.repository_arn)]
        if not role.may("ecr:GetAuthorizationToken", "*"):
            denied.append("ecr:GetAuthorizationToken")
        if denied:
            raise Problem(f"Failed to pull the image: the access role {role.arn} does not allow {', '.join(denied)}.")
        return self.store.pull(self.clients.ecr, identifier)


def _health_check(configuration: Mapping[str, Any]) -> HealthCheck:
    """Return the check of a complete HealthCheckConfiguration."""
    return HealthCheck(
        protocol=configuration["Protocol"],
        path=configuration["Path"],
        interval=configuration["Interval"],
        timeout=configuration["Timeout"],
        healthy_threshold=configuration["HealthyThreshold"],
        unhealthy_threshold=configuration["UnhealthyThreshold"],
        agent="AppRunner-HealthCheck",
        hint="If it has a port of its own, name it in the StartCommand: that port is then handed over to it.",
    )


def names_port(command: Sequence[str], port: str) -> bool:
    """Return whether a command names the service's port, such as `--port=8080` or `0.0.0.0:8080`.

    Its program is assumed to listen there and to ignore PORT. In App Runner each instance has a network of its own,
    where PORT is this port too.
    """
    named = re.compile(rf"(?<![0-9]){port}(?![0-9])")
    return any(named.search(word) for word in command)
