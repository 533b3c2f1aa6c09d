"""Carry out the changes of a plan, one after the other. Each is safe to repeat."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deployer.aws import ecr, iam, ssm
from deployer.aws.session import Session
from deployer.core.change import (
    Change,
    CreateRepository,
    CreateScaling,
    DeployService,
    MendRepository,
    PushImage,
    PutLifecycle,
    PutParameter,
    PutRole,
    RecordRelease,
)
from deployer.core.secret import SecretValue
from deployer.errors import StateUnknown
from deployer.run import secrets
from deployer.targets.base import Started, Target


@dataclass
class Applier:
    """What the changes share. `made` collects the secrets of this run, so that logs can be cleaned of them."""

    session: Session
    target: Target
    tags: dict[str, str]
    image_manifest: bytes | None
    scaling_arn: str | None
    made: list[SecretValue]
    tell: Callable[[str, str], None]

    def apply(self, change: Change) -> Started | None:
        """Make one change; a deployment is started and returned, not waited for."""
        session = self.session
        self.tell(change.group.lower(), f"{change.symbol} {change.address}")
        match change:
            case CreateRepository():
                ecr.create_repository(session.ecr, change.name)
            case MendRepository():
                ecr.mend_repository(session.ecr, change.name)
            case PutLifecycle():
                ecr.put_lifecycle(session.ecr, change.repository, change.policy)
            case PushImage():
                assert self.image_manifest is not None
                image = change.image
                ecr.put_image(session.ecr, image.repository, image.tag, self.image_manifest, change.digest)
            case PutRole():
                role = change.role
                iam.put_role(session.iam, role.name, role.trust, role.policy, create=change.create)
            case PutParameter():
                self._put(change)
            case CreateScaling():
                self.scaling_arn = self.target.create_scaling(change.name, change.scaling)
            case DeployService():
                return self._deploy(change)
            case RecordRelease():
                pass  # the caller records every release that it saw live
        return None

    def _put(self, change: PutParameter) -> None:
        wanted = change.parameter
        value: str | SecretValue
        if wanted.value is None:
            value = secrets.make(wanted, self.session.endpoint)
            self.made.append(value)
        else:
            value = wanted.value
        version = ssm.put(self.session.ssm, wanted.path, value, wanted.description, create=change.version == 1)
        if version != change.version:
            raise StateUnknown(
                f"{wanted.path} is now version {version}, not {change.version}: somebody else wrote it too",
                fix="agree on who changes it, then run again",
            )

    def _deploy(self, change: DeployService) -> Started:
        assert self.scaling_arn is not None
        if change.arn is None:
            return self.target.create(change.name, change.spec, self.scaling_arn, self.tags)
        return self.target.update(change.arn, change.spec, self.scaling_arn)
