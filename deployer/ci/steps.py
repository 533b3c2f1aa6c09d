"""Steps and jobs that the workflows share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from deployer.ci.actions import AWS, CHECKOUT, SETUP_PYTHON
from deployer.ci.text import Value
from deployer.manifest.github import GitHub, OidcRole
from deployer.manifest.model import Manifest

Step: TypeAlias = "Mapping[str, Value]"
Job: TypeAlias = "Mapping[str, Value]"

BOT: Final = "github-actions[bot]"  # the author of what a job writes with its own token
RUNNER: Final = "ubuntu-24.04"
PYTHON: Final = "3.13"  # that of the image
BASH: Final[Mapping[str, Value]] = {"run": {"shell": "bash"}}  # named, it stops at the first failure in a pipe, too


def set_up(*, python: str = PYTHON, history: bool = False) -> list[Step]:
    """Return the steps that check out (without storing the token) and set up Python. `./just` installs the packages."""
    depth: Mapping[str, Value] = {"fetch-depth": 0} if history else {}
    return [
        {"name": "Check out", "uses": CHECKOUT, "with": {"persist-credentials": False, **depth}},
        {"name": "Set up Python", "uses": SETUP_PYTHON, "with": {"python-version": python}},
    ]


def credentials(manifest: Manifest) -> Step:
    """Return the step that gets AWS credentials, of a role by OIDC or a user's keys; for the manifest's account only.

    Inputs: https://github.com/aws-actions/configure-aws-credentials. The role's ARN is a variable, and keys are
    secrets, of the GitHub environment that the job runs in.
    """
    if isinstance(github(manifest).credentials, OidcRole):
        shown: Mapping[str, Value] = {
            "role-to-assume": "${{ vars.AWS_ROLE_ARN }}",
            "role-session-name": "github-${{ github.run_id }}",
        }
    else:
        shown = {
            "aws-access-key-id": "${{ secrets.AWS_ACCESS_KEY_ID }}",
            "aws-secret-access-key": "${{ secrets.AWS_SECRET_ACCESS_KEY }}",
        }
    given = {**shown, "aws-region": manifest.aws.region, "allowed-account-ids": manifest.aws.account}
    return {"name": "Sign in to AWS", "uses": AWS, "with": given}


def github(manifest: Manifest) -> GitHub:
    if manifest.github is None:
        raise ValueError(f"{manifest.environment} names no repository")
    return manifest.github


def permissions(manifest: Manifest) -> Mapping[str, Value]:
    """Return the job's permissions: read the code and, with OIDC, request an identity token."""
    oidc = isinstance(github(manifest).credentials, OidcRole)
    return {"contents": "read", **({"id-token": "write"} if oidc else {})}


def one_at_a_time(manifest: Manifest, group: str = "deploy") -> Mapping[str, Value]:
    """Return the concurrency group of jobs that change an environment: they wait, and are never cancelled halfway.

    GitHub keeps only the newest waiting job of a group and cancels the others. Rollbacks have a group of their own, so
    that a push cannot cancel a waiting rollback; the environment's lock keeps a deployment and a rollback apart.
    """
    return {"group": f"{group}-{manifest.environment}", "cancel-in-progress": False}


def changing(
    manifest: Manifest, name: str, when: str, *steps: Step, needs: str | None = None, group: str = "deploy"
) -> Job:
    """Return a job that changes an environment, in GitHub's environment of that name."""
    return {
        "name": name,
        "if": when,
        **({"needs": [needs]} if needs else {}),
        "runs-on": RUNNER,
        "timeout-minutes": 60,
        "environment": manifest.environment,
        "concurrency": one_at_a_time(manifest, group),
        "permissions": permissions(manifest),
        "steps": [*set_up(), *steps],
    }


def run(name: str, script: str, *, env: Mapping[str, str] | None = None, **keys: Value) -> Step:
    """Return a step that runs a shell script. External values reach it by `env`, never by `${{ }}` in the script."""
    return {"name": name, **{key.rstrip("_"): value for key, value in keys.items()}, **_env(env), "run": script}


def _env(env: Mapping[str, str] | None) -> Mapping[str, Value]:
    return {"env": dict(env)} if env else {}


def summary(title: str, file: str) -> str:
    """Return shell that adds a text file to the summary of the run."""
    return f"""\
{{
  echo '## {title}'
  echo
  echo '~~~~text'
  cat "{file}"
  echo '~~~~'
}} >> "$GITHUB_STEP_SUMMARY"
"""


def held(name: str) -> str:
    """Return the notice of a run that does not deploy because the environment is held."""
    return f"::notice title=Not deployed::{name} is held; the summary shows why. To lift the hold: just resume {name}"


def paused(name: str) -> str:
    """Return the notice of a run that does not deploy because of a declared pause."""
    return f"::notice title=Not deployed::{name} is paused as its manifest declares; the summary shows what waits."


def failed_before(name: str) -> str:
    """Return the error of a run whose plan's release failed before."""
    again = f"To deploy it anyway: just reconcile {name} --retry"
    return f"::error title=Not deployed::the same release of {name} failed before. {again}"


def no_plan(name: str) -> str:
    """Return shell that writes the error (errors.txt) to plan.md if there is no plan."""
    return f"""\
cat "$RUNNER_TEMP/errors.txt" >&2
if [ ! -s "$RUNNER_TEMP/plan.md" ]; then
  {{
    echo '### {name}: there is no plan'
    echo
    echo '~~~~text'
    cat "$RUNNER_TEMP/errors.txt"
    echo '~~~~'
  }} > "$RUNNER_TEMP/plan.md"
fi
cat "$RUNNER_TEMP/plan.md" >> "$GITHUB_STEP_SUMMARY"
"""


def workflow(name: str, on: Mapping[str, Value], jobs: Mapping[str, Job]) -> Mapping[str, Value]:
    """Return a workflow without top-level permissions: each job names its own."""
    return {"name": name, "on": on, "permissions": {}, "defaults": BASH, "jobs": jobs}


def choice(manifests: Sequence[Manifest]) -> Value:
    """Return an input that is a choice of environments."""
    return {
        "description": "The environment",
        "type": "choice",
        "required": True,
        "options": [one.environment for one in manifests],
    }
