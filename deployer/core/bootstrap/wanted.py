"""What an environment needs in its account before anybody can deploy it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from msgspec import Struct

from deployer import names
from deployer.core.desired import Desired, both_roles
from deployer.core.policies import duties
from deployer.core.policies.deploying import deploying
from deployer.core.policies.documents import (
    ACCESS_ACTIONS,
    INSTANCE_ACTIONS,
    TRUSTED,
    github_trust,
    policy_name,
    subjects,
)
from deployer.core.policies.duties import LINKING, PASSING, deployment, looking
from deployer.core.policies.imaging import imaging
from deployer.core.policies.planning import planning
from deployer.core.policies.rights import REPOSITORY, Need
from deployer.manifest.github import GitHub, OidcRole
from deployer.manifest.model import Manifest

Kind = Literal["role", "user"]
Use = Literal["access", "instance", "deploy", "plan", "image"]


class Principal(Struct, frozen=True):
    """A role or a user, and what it is for.

    `admits` is who has to be able to take the role on: a service of AWS, or the subjects of GitHub's tokens; none for a
    user, which has no `trust` either. `needs` is what it has to be allowed, whoever keeps it, where a simulation can
    tell and every deployment asks for it. A role has its policy inside; that of a user stands beside it, because inside
    a user only 2,048 characters have room (IAM user guide, "IAM and AWS STS quotas"). `shared` names the other
    environments that use it.
    """

    kind: Kind
    name: str
    use: Use
    managed: bool
    admits: tuple[str, ...]
    trust: object | None
    policy_name: str
    policy: object
    needs: tuple[Need, ...]
    line: str
    shared: tuple[str, ...] = ()

    @property
    def of_github(self) -> bool:
        """Whether it is for GitHub's jobs, not for App Runner."""
        return self.use in {"deploy", "plan", "image"}

    @property
    def key(self) -> str:
        """The key of the manifest that it stands under."""
        return "github.credentials" if self.of_github else "service.roles"


class Wanted(Struct, frozen=True):
    """All of it. `provider` says that jobs come with GitHub's token, so that the account has to know GitHub.

    `beside` names the other environments whose images are in the same repository.
    """

    desired: Desired
    principals: tuple[Principal, ...]
    provider: bool
    beside: tuple[str, ...] = ()

    @property
    def deployer(self) -> Principal:
        """Who deploys: CI's role or user."""
        return next(one for one in self.principals if one.use == "deploy")


def wanted(manifest: Manifest, github: GitHub, desired: Desired, line: str, others: Iterable[Manifest] = ()) -> Wanted:
    """`others` are the manifests of the same account; `line` is where `github` stands."""
    near = {other.environment: other for other in others}
    access, instance = _service_roles(manifest, desired, near)
    return Wanted(
        desired,
        (access, instance, *_of_github(manifest, github, desired, line, near)),
        provider=isinstance(github.credentials, OidcRole),
        beside=tuple(name for name, other in near.items() if _images(other) == _images(manifest)),
    )


def _service_roles(manifest: Manifest, desired: Desired, near: Mapping[str, Manifest]) -> tuple[Principal, Principal]:
    aws, roles = manifest.aws, manifest.service.roles
    name = policy_name(manifest.app, manifest.environment)
    access, instance = both_roles(roles, aws.account, aws.region, manifest.image.repository, aws.parameter_path, name)
    repository = REPOSITORY.format(region=aws.region, account=aws.account, name=manifest.image.repository)
    pull = [Need(action, (repository,)) for action in ACCESS_ACTIONS]
    read = [Need(action, tuple(desired.secrets.values())) for action in INSTANCE_ACTIONS if desired.secrets]
    line = desired.lines["service"]
    return (
        Principal(
            kind="role",
            name=access.name,
            use="access",
            managed=roles.managed,
            admits=(TRUSTED["access"],),
            trust=access.trust,
            policy_name=name,
            policy=access.policy,
            needs=(*pull, Need("ecr:GetAuthorizationToken", ("*",))),
            line=line,
            shared=tuple(env for env, other in near.items() if other.service.roles.access == access.name),
        ),
        Principal(
            kind="role",
            name=instance.name,
            use="instance",
            managed=roles.managed,
            admits=(TRUSTED["instance"],),
            trust=instance.trust,
            policy_name=name,
            policy=instance.policy,
            needs=tuple(read),
            line=line,
            shared=tuple(env for env, other in near.items() if other.service.roles.instance == instance.name),
        ),
    )


def _of_github(
    manifest: Manifest, github: GitHub, desired: Desired, line: str, near: Mapping[str, Manifest]
) -> Iterator[Principal]:
    """Who deploys; and with roles others for the jobs of GitHub environments of their own: that plan, or push."""
    credentials, environment = github.credentials, manifest.environment
    source = near.get(manifest.protect.healthy_in or "")
    looked_at = source.service.name if source else None
    allowed: dict[Use, tuple[object, tuple[Need, ...]]] = {
        "deploy": (deploying(desired, looked_at), deployment(desired, looked_at)),
        "plan": (planning(desired, looked_at), looking(desired, looked_at)),
        "image": (imaging(desired), duties.imaging(desired)),
    }
    jobs: list[tuple[Use, str, str]] = [("deploy", _name(github), environment)]
    if isinstance(credentials, OidcRole):
        jobs.append(("plan", credentials.planning, names.plan_environment(environment)))
        if manifest.protect.image_apart:
            jobs.append(("image", credentials.imaging, names.image_environment(environment)))
    for use, name, admitted in jobs:
        document, needs = allowed[use]
        admits = _subjects(github, admitted)
        yield Principal(
            kind="role" if isinstance(credentials, OidcRole) else "user",
            name=name,
            use=use,
            managed=credentials.managed,
            admits=tuple(admits),
            trust=github_trust(manifest.aws.account, admits) if admits else None,
            policy_name=policy_name(manifest.app, environment),
            policy=document,
            needs=tuple(need for need in needs if need.action not in {PASSING, LINKING}),
            line=line,
            shared=tuple(env for env, other in near.items() if other.github and _same(other.github, github)),
        )


def _subjects(github: GitHub, environment: str) -> list[str]:
    """Of the jobs that may take a role on; none where there is no role."""
    if not isinstance(github.credentials, OidcRole):
        return []
    ids = (github.ids.owner, github.ids.repository) if github.ids else None
    return subjects(github.repository, environment, ids)


def _images(manifest: Manifest) -> tuple[str, str]:
    return manifest.aws.region, manifest.image.repository


def _name(github: GitHub) -> str:
    credentials = github.credentials
    return credentials.role if isinstance(credentials, OidcRole) else credentials.user


def _same(one: GitHub, other: GitHub) -> bool:
    return one.credentials.kind == other.credentials.kind and _name(one) == _name(other)
