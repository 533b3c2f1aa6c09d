"""What was observed: the live state of AWS that a plan stands on. It holds no secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from deployer.core.release import Release
from deployer.core.service import ServiceSpec


@dataclass(frozen=True)
class ParameterFact:
    """One parameter. `value` is that of a String; a SecureString's is never read to make a plan."""

    secure: bool
    version: int
    value: str | None


@dataclass(frozen=True)
class RepositoryFact:
    """The ECR repository. `lifecycle` is the policy text, None when there is none."""

    uri: str
    immutable: bool
    scan_on_push: bool
    lifecycle: str | None


@dataclass(frozen=True)
class RoleFact:
    """An IAM role. Documents are parsed JSON; `policy` is the inline policy the deployer would write."""

    arn: str
    trust: object
    policy: object | None


@dataclass(frozen=True)
class ServiceFact:
    """The service on its target. `status` is the target's own word for it."""

    arn: str
    url: str
    status: str
    spec: ServiceSpec


@dataclass(frozen=True)
class RecordedRelease:
    """The newest entry of the ledger, and its number."""

    number: int
    release: Release


@dataclass(frozen=True)
class Facts:
    """All of it. A missing thing is None; a read that failed never becomes one of these.

    `parameters` is keyed by path, `roles` by role name. `image_digest` is what ECR holds under the wanted tag.
    `scaling_arn` is an existing scaling configuration with the wanted numbers.
    """

    account: str
    region: str
    parameters: Mapping[str, ParameterFact]
    repository: RepositoryFact | None
    image_digest: str | None
    roles: Mapping[str, RoleFact | None]
    scaling_arn: str | None
    service: ServiceFact | None
    recorded: RecordedRelease | None
