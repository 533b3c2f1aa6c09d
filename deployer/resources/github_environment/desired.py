"""What a manifest asks of its GitHub environments: who may deploy, variables, and secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from msgspec import Struct

from deployer import names
from deployer.errors import UsageError
from deployer.github.limits import RESERVED_PREFIX, VALUE_BYTES
from deployer.manifest.github import AccessKeys, GitHub, OidcRole
from deployer.manifest.model import LiteralVariable, Manifest
from deployer.resources.github_environment.blocker import Blocker, LongValue, NameInUse, NameReserved

RECORD: Final = "DEPLOYER_RECORD"
KEYS: Final = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


class DesiredGitHub(Struct, frozen=True):
    """The desired state of one environment of a repository, named OWNER/NAME.

    `secrets` maps each name to the path of the SSM parameter that holds its value; `generated` are the paths whose
    value the deployer generates. `by_hand` are secrets that people set on GitHub, because their values are kept nowhere
    else. Empty `branches` leave the branch rules alone. `lines` gives by name the line of the manifest that asks for
    it. `reviewed` means that protect.confirm relies on required reviewers there. `ids` are the numbers of owner and
    repository, where the manifest gives them.
    """

    repository: str
    environment: str
    branches: tuple[str, ...]
    variables: Mapping[str, str]
    secrets: Mapping[str, str]
    generated: frozenset[str] = frozenset()
    by_hand: tuple[str, ...] = ()
    ids: tuple[int, int] | None = None
    lines: Mapping[str, str] | None = None
    problems: tuple[Blocker, ...] = ()
    reviewed: bool = False

    def line(self, name: str) -> str:
        return (self.lines or {}).get(name, "")


def environments(manifest: Manifest, line: Callable[[str], str]) -> tuple[DesiredGitHub, ...]:
    """All environments that a manifest asks for, starting with the one that deploys. Arguments as for `deploying`."""
    imaged = imaging(manifest)
    return (deploying(manifest, line), planning(manifest), *([imaged] if imaged else []))


def deploying(manifest: Manifest, line: Callable[[str], str]) -> DesiredGitHub:
    """The environment that deploys. `line` maps a parameter name to the variable's line in the manifest.

    An empty literal is left out: for a workflow, an absent variable is empty, and GitHub keeps no empty variable.
    Raises UsageError without a `github` section.
    """
    github = _github(manifest)
    literals = {n: one.text for n, one in manifest.variables.items() if isinstance(one, LiteralVariable) and one.text}
    secrets = [name for name, one in manifest.variables.items() if not isinstance(one, LiteralVariable)]
    made = [name for name, one in manifest.variables.items() if not isinstance(one, LiteralVariable) and one.generate]
    about = about_the_service(manifest)
    lines = {_variable(name): line(name) for name in manifest.variables}
    return DesiredGitHub(
        repository=github.repository,
        environment=manifest.environment,
        branches=manifest.protect.branches,
        variables={**{_variable(name): text for name, text in literals.items()}, **about},
        secrets={_variable(name): names.join(manifest.aws.parameter_path, name) for name in secrets},
        generated=frozenset(names.join(manifest.aws.parameter_path, name) for name in made),
        by_hand=KEYS if isinstance(github.credentials, AccessKeys) else (),
        ids=_ids(github),
        lines=lines,
        problems=tuple(_problems({_variable(name): text for name, text in literals.items()}, secrets, about, lines)),
        reviewed=manifest.protect.confirm,
    )


def planning(manifest: Manifest) -> DesiredGitHub:
    """The environment of the jobs that only read (names.plan_environment).

    Every branch may use it, because pull requests are planned, so no secret is sent there. Raises UsageError without a
    `github` section.
    """
    credentials = _github(manifest).credentials
    role = credentials.planning if isinstance(credentials, OidcRole) else None
    return _beside(manifest, names.plan_environment(manifest.environment), role, branches=())


def imaging(manifest: Manifest) -> DesiredGitHub | None:
    """The environment of the job that only pushes an image (names.image_environment); None where there is no such job.

    It is restricted to the branches that are deployed. Raises UsageError without a `github` section.
    """
    credentials = _github(manifest).credentials
    if not manifest.protect.image_apart:
        return None
    role = credentials.imaging if isinstance(credentials, OidcRole) else None
    return _beside(manifest, names.image_environment(manifest.environment), role, branches=manifest.protect.branches)


def _beside(manifest: Manifest, environment: str, role: str | None, *, branches: tuple[str, ...]) -> DesiredGitHub:
    """An environment that names a role and holds no secret. Without a role, people set a user's keys there."""
    github = _github(manifest)
    return DesiredGitHub(
        repository=github.repository,
        environment=environment,
        branches=branches,
        variables={"AWS_ROLE_ARN": _role(manifest, role)} if role else {},
        secrets={},
        by_hand=() if role else KEYS,
        ids=_ids(github),
    )


def about_the_service(manifest: Manifest) -> dict[str, str]:
    """The variables that a deployment workflow reads in addition to those of the service."""
    aws, service = manifest.aws, manifest.service
    assumed = manifest.github.credentials if manifest.github else None
    return {
        "SSM_ROOT": names.ssm_root(aws.parameter_path, aws.region, aws.account),
        "AWS_REGION": aws.region,
        **({"AWS_ROLE_ARN": _role(manifest, assumed.role)} if isinstance(assumed, OidcRole) else {}),
        "SERVICE_NAME": service.name,
        "ECR_REPOSITORY": manifest.image.repository,
        **{variable: _role(manifest, name) for variable, name in service.role_variables.items()},
    }


def _github(manifest: Manifest) -> GitHub:
    if manifest.github is None:
        raise UsageError(
            f"the manifest of {manifest.environment} names no repository",
            why="it has no `github` section, so there is nothing to set on GitHub",
            fix="write the section: docs/reference/github-settings.md",
        )
    return manifest.github


def _ids(github: GitHub) -> tuple[int, int] | None:
    return (github.ids.owner, github.ids.repository) if github.ids else None


def _role(manifest: Manifest, name: str) -> str:
    return f"arn:aws:iam::{manifest.aws.account}:role/{name}"


def _variable(name: str) -> str:
    return names.variable(name)


def _problems(
    literals: Mapping[str, str], secrets: list[str], about: Mapping[str, str], lines: Mapping[str, str]
) -> Iterator[Blocker]:
    for name in (*literals, *map(_variable, secrets)):
        if name in about or name == RECORD or name in KEYS:
            yield NameInUse(name=name, line=lines[name])
        elif name.startswith(RESERVED_PREFIX):
            yield NameReserved(name=name, prefix=RESERVED_PREFIX, line=lines[name])
    for name, text in literals.items():
        if (size := len(text.encode())) > VALUE_BYTES:
            yield LongValue(name=name, size=size, limit=VALUE_BYTES, line=lines[name])
