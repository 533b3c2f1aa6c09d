"""Compare `.env` and GitHub with the manifest, where they exist."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from deployer import names
from deployer.aws import ssm
from deployer.core.dotenv_file import bindings
from deployer.core.other_locations import dotenv_against
from deployer.core.secret import SecretValue
from deployer.environment.open import Environment
from deployer.errors import DeployerError
from deployer.github.reach import token_is_given
from deployer.manifest.model import LiteralVariable
from deployer.view.other_locations_text import dotenv_lines, dotenv_problem, github_against

DOTENV = ".env"
LARGEST = 1024 * 1024  # bytes
UNASKED = "GitHub's variables and secrets: set GITHUB_TOKEN to check them"


def disagreements(environment: Environment, *, decrypt: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What differs, and what could not be read. With `decrypt` the secrets of `.env` are compared with SSM's."""
    differences, unseen = _dotenv(environment, decrypt=decrypt)
    if environment.loaded.manifest.github is None:
        return differences, unseen
    if not token_is_given():
        return differences, (*unseen, UNASKED)
    try:
        return (*differences, *_github(environment)), unseen
    except DeployerError as error:  # this verb is about the deployment, which does not need it
        why = f" ({error.why})" if error.why else ""
        return differences, (*unseen, f"GitHub's variables and secrets: {error.what}{why}")


def _dotenv(environment: Environment, *, decrypt: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    path = environment.loaded.root / DOTENV
    if not path.is_file():
        return (), ()
    variables = environment.loaded.manifest.variables
    literals = {names.variable(name): one.text for name, one in variables.items() if isinstance(one, LiteralVariable)}
    try:
        found, wrong = _read(path, literals)
    except (OSError, ValueError) as error:
        return (), (f"{DOTENV}: {getattr(error, 'strerror', None) or 'it is not text'}",)
    secrets = [names.variable(name) for name, one in variables.items() if not isinstance(one, LiteralVariable)]
    held = _held(environment, secrets) if decrypt else None
    return (*wrong, *dotenv_lines(DOTENV, dotenv_against(found, literals, secrets, held))), ()


def _read(path: Path, literals: Collection[str]) -> tuple[dict[str, SecretValue], tuple[str, ...]]:
    """The values, and the lines that cannot be read. Such a line is never repeated: it may hold a secret."""
    with path.open("rb") as opened:
        text = opened.read(LARGEST).decode("utf-8-sig")
    found: dict[str, SecretValue] = {}
    wrong: list[str] = []
    for line in bindings(text):
        if line.name is None or names.why_not_a_variable(line.name):
            unreadable = line if line.problem else line._replace(problem="no-binding")
            wrong.append(f"{DOTENV}:{line.number}: {dotenv_problem(unreadable)}")
        else:
            found[line.name] = SecretValue(line.value or "", hide=line.name not in literals)
    return found, tuple(wrong)


def _held(environment: Environment, secrets: list[str]) -> dict[str, SecretValue]:
    parameter_path = environment.loaded.manifest.aws.parameter_path
    paths = {names.join(parameter_path, names.parameter(variable)): variable for variable in secrets}
    held: dict[str, SecretValue] = {}
    for batch in ssm.batches(list(paths)):
        held |= {paths[path]: value for path, value in ssm.reveal(environment.session.ssm, batch).items()}
    return held


def _github(environment: Environment) -> tuple[str, ...]:
    from deployer.environment import github  # noqa: PLC0415 -- httpx is loaded only where a token is given

    loaded, desired = environment.loaded, github.desired_github(environment.loaded)
    with github.open_github(github.reach_github(loaded), desired[0].repository, environment.run.report) as opened:
        sides = [github.GitHubEnvironment(loaded, one, environment.session, opened) for one in desired]
        plans = [side.compare()[0] for side in sides]
    return github_against(loaded.manifest.environment, plans)
