"""What an environment needs in its account before it can be deployed. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal, get_args

from msgspec import Struct

from deployer import names
from deployer.account import duties
from deployer.account.deploying import deploying_policy
from deployer.account.duties import LINKING, PASSING, deployment, reading
from deployer.account.finding import PrincipalKind
from deployer.account.imaging import imaging_policy
from deployer.account.planning import planning_policy
from deployer.core.desired import Desired
from deployer.core.policies.documents import github_trust, policy_name, service_trust, subjects
from deployer.core.policies.rights import Need
from deployer.manifest.github import GitHub, OidcRole
from deployer.manifest.model import Manifest

Use = Literal["deploy", "plan", "image"]


class Principal(Struct, frozen=True):
    """A role or a user, and its purpose.

    `admits` is who must be able to assume the role: a service of AWS, or the subjects of GitHub's tokens; none for a
    user, which has no `trust` either. `needs` is what it has to be allowed, managed or not, as far as a simulation can
    check it and every deployment needs it. A role has its policy inside; a user has it attached, because inside a user
    only 2,048 characters have room (IAM user guide, "IAM and AWS STS quotas"). `shared` names the other environments
    that use it, and `if_shared` the target's text of the consequence, "" for a role or user of GitHub's jobs.
    """

    kind: PrincipalKind
    name: str
    use: str
    managed: bool
    admits: tuple[str, ...]
    trust: object | None
    policy_name: str
    policy: object
    needs: tuple[Need, ...]
    line: str
    shared: tuple[str, ...] = ()
    if_shared: str = ""

    @property
    def of_github(self) -> bool:
        """Whether it is for GitHub's jobs, not for the service."""
        return self.use in get_args(Use)

    @property
    def key(self) -> str:
        """The key of the manifest that names it."""
        return "github.credentials" if self.of_github else "service.roles"


class Requirements(Struct, frozen=True):
    """What an environment needs. `provider` means that jobs use GitHub's token, which the account must trust.

    `beside` names the other environments whose images are in the same repository.
    """

    desired: Desired
    principals: tuple[Principal, ...]
    provider: bool
    beside: tuple[str, ...] = ()

    @property
    def deployer(self) -> Principal:
        """The role or user of CI that deploys."""
        return next(one for one in self.principals if one.use == "deploy")


def requirements_of(
    manifest: Manifest, github: GitHub, desired: Desired, line: str, others: Iterable[Manifest] = ()
) -> Requirements:
    """Compute the needs. `others` are the manifests of the same account; `line` is the line of `github`."""
    near = {other.environment: other for other in others}
    return Requirements(
        desired,
        (*_service_roles(desired, near), *_of_github(manifest, github, desired, line, near)),
        provider=isinstance(github.credentials, OidcRole),
        beside=tuple(name for name, other in near.items() if _images(other) == _images(manifest)),
    )


def _service_roles(desired: Desired, near: Mapping[str, Manifest]) -> Iterator[Principal]:
    name = policy_name(desired.app, desired.environment)
    for role in desired.target.roles(desired):
        yield Principal(
            kind="role",
            name=role.name,
            use=role.use,
            managed=bool(desired.roles),
            admits=(role.service,),
            trust=service_trust(role.service),
            policy_name=name,
            policy=role.policy,
            needs=tuple(Need(action, resources) for actions, resources in role.grants for action in actions),
            line=desired.lines["service"],
            shared=tuple(env for env, other in near.items() if other.service.role_names[role.use] == role.name),
            if_shared=role.shared,
        )


def _of_github(
    manifest: Manifest, github: GitHub, desired: Desired, line: str, near: Mapping[str, Manifest]
) -> Iterator[Principal]:
    """The deploying role or user; and with roles those of the GitHub environments whose jobs plan or push."""
    credentials, environment = github.credentials, manifest.environment
    source = near.get(manifest.protect.healthy_in or "")
    source_name = source.service.name if source else None
    allowed: dict[Use, tuple[object, tuple[Need, ...]]] = {
        "deploy": (deploying_policy(desired, source_name), deployment(desired, source_name)),
        "plan": (planning_policy(desired, source_name), reading(desired, source_name)),
        "image": (imaging_policy(desired), duties.imaging(desired)),
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
    """The subjects of the jobs that may assume a role; none where there is no role."""
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
