"""Compare `.env` and GitHub with the manifest, where they exist."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from deployer import names
from deployer.aws import ssm
from deployer.core.dotenv_file import bindings
from deployer.core.other_locations import (
    DOTENV,
    DotenvDifference,
    GitHubUnreadable,
    TokenUnset,
    UnreadableFile,
    UnreadableLine,
    UnreadLocation,
    dotenv_against,
)
from deployer.core.secret import SecretValue
from deployer.environment.open import Environment
from deployer.errors import DeployerError
from deployer.github.reach import token_is_given
from deployer.manifest.model import LiteralVariable
from deployer.resources.github_environment.difference import GitHubDifference, github_differences

LARGEST = 1024 * 1024  # bytes
DotenvFinding = DotenvDifference | UnreadableLine


def disagreements(
    environment: Environment, *, decrypt: bool
) -> tuple[tuple[DotenvFinding | GitHubDifference, ...], tuple[UnreadLocation, ...]]:
    """What differs, and what could not be read. With `decrypt` the secrets of `.env` are compared with SSM's."""
    differences, unseen = _dotenv(environment, decrypt=decrypt)
    if environment.loaded.manifest.github is None:
        return differences, unseen
    if not token_is_given():
        return differences, (*unseen, TokenUnset())
    try:
        return (*differences, *_github(environment)), unseen
    except DeployerError as error:  # this verb is about the deployment, which does not need it
        return differences, (*unseen, GitHubUnreadable(error.what, error.why))


def _dotenv(environment: Environment, *, decrypt: bool) -> tuple[tuple[DotenvFinding, ...], tuple[UnreadLocation, ...]]:
    path = environment.loaded.root / DOTENV
    if not path.is_file():
        return (), ()
    variables = environment.loaded.manifest.variables
    literals = {names.variable(name): one.text for name, one in variables.items() if isinstance(one, LiteralVariable)}
    try:
        values, unreadable = _read(path, literals)
    except (OSError, ValueError) as error:
        return (), (UnreadableFile(getattr(error, "strerror", None) or ""),)
    secrets = [names.variable(name) for name, one in variables.items() if not isinstance(one, LiteralVariable)]
    held = _held(environment, secrets) if decrypt else None
    return (*unreadable, *dotenv_against(values, literals, secrets, held)), ()


def _read(path: Path, literals: Collection[str]) -> tuple[dict[str, SecretValue], tuple[UnreadableLine, ...]]:
    """The values, and the lines that cannot be read. Such a line is never repeated: it may hold a secret."""
    with path.open("rb") as opened:
        text = opened.read(LARGEST).decode("utf-8-sig")
    values: dict[str, SecretValue] = {}
    unreadable: list[UnreadableLine] = []
    for line in bindings(text):
        if line.name is None or names.why_not_a_variable(line.name):
            unreadable.append(UnreadableLine(line.number, line.problem or "no-binding", line.quote))
        else:
            values[line.name] = SecretValue(line.value or "", hide=line.name not in literals)
    return values, tuple(unreadable)


def _held(environment: Environment, secrets: list[str]) -> dict[str, SecretValue]:
    parameter_path = environment.loaded.manifest.aws.parameter_path
    paths = {names.join(parameter_path, names.parameter(variable)): variable for variable in secrets}
    held: dict[str, SecretValue] = {}
    for batch in ssm.batches(list(paths)):
        held |= {paths[path]: value for path, value in ssm.reveal(environment.session.ssm, batch).items()}
    return held


def _github(environment: Environment) -> tuple[GitHubDifference, ...]:
    from deployer.environment import github  # noqa: PLC0415 -- httpx is loaded only where a token is given

    loaded, desired = environment.loaded, github.desired_github(environment.loaded)
    with github.open_github(github.reach_github(loaded), desired[0].repository, environment.run.report) as opened:
        sides = [github.GitHubEnvironment(loaded, one, environment.session, opened) for one in desired]
        plans = [side.compare()[0] for side in sides]
    return tuple(github_differences(plans))
