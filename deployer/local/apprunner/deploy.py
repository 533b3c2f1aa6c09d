"""What happens before the first instance of a version starts: the image is pulled and the secrets are read."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from deployer.local.apprunner import image as images
from deployer.local.apprunner import secrets
from deployer.local.apprunner.configuration import public
from deployer.local.apprunner.errors import Problem
from deployer.local.apprunner.fleet import Version
from deployer.local.apprunner.health import HealthCheck
from deployer.local.apprunner.roles import ACCESS_PRINCIPAL, INSTANCE_PRINCIPAL, assume
from deployer.local.clients import Clients

# App Runner developer guide, "How App Runner works with IAM": what the access role must allow.
ON_REPOSITORY = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
)


@dataclass(frozen=True)
class Preparer:
    """Blocking; of no particular thread."""

    clients: Clients
    store: images.ImageStore
    account: str
    region: str

    def prepare(self, configuration: Mapping[str, Any], size: int, tell: Callable[[str], None]) -> Version:
        """A version ready to be started, with `size` instances. Raises Problem, naming no value of a variable."""
        try:
            return self._prepare(configuration, size, tell)
        except (BotoCoreError, ClientError) as error:
            raise Problem(f"A call to this endpoint failed: {error}") from error

    def _prepare(self, configuration: Mapping[str, Any], size: int, tell: Callable[[str], None]) -> Version:
        source = configuration["SourceConfiguration"]
        wanted = source["ImageRepository"]["ImageConfiguration"]
        tell(f"Pulling image {source['ImageRepository']['ImageIdentifier']} from ECR.")
        image = self._pull(source)
        tell(f"Successfully pulled image {image.digest} from ECR.")
        role_arn = configuration["InstanceConfiguration"].get("InstanceRoleArn")
        role = assume(self.clients.iam, role_arn, INSTANCE_PRINCIPAL) if role_arn else None
        values = secrets.resolve(
            self.clients.ssm,
            wanted.get("RuntimeEnvironmentSecrets") or {},
            role,
            account=self.account,
            region=self.region,
        )
        if values:
            tell(f"Successfully read {len(values)} secrets.")
        start = shlex.split(wanted.get("StartCommand") or "")
        return Version(
            configuration=configuration,
            image=image,
            command=tuple(start) or image.command,
            environment={**image.environment, **(wanted.get("RuntimeEnvironmentVariables") or {}), **values},
            check=HealthCheck.of(configuration["HealthCheckConfiguration"]),
            public_port=int(wanted["Port"]) if public(configuration) else None,
            size=size,
        )

    def _pull(self, source: Mapping[str, Any]) -> images.Image:
        """With the access role, which must allow all that App Runner's guide lists."""
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
