"""Apply a plan to one environment on GitHub."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from deployer.core.secret import SecretValue
from deployer.errors import DeployerError, Interrupted, StateUnknown
from deployer.github.api import GitHub
from deployer.github.seal import seal_secret
from deployer.partial import halted
from deployer.resources.github_environment.plan import Change, SyncPlan
from deployer.resources.github_environment.state import ObservedGitHub

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


class Writer:
    """Applies changes in order, and records which are done."""

    def __init__(
        self, github: GitHub, environment: str, observed: ObservedGitHub, reveal: Callable[[str], SecretValue]
    ) -> None:
        """`reveal` returns the value of a secret by its name on GitHub; it is called when the secret is sent."""
        self._github = github
        self._environment = environment
        self._observed = observed
        self._reveal = reveal
        self._key: dict[str, Any] | None = None

    def write(self, change: Change, *, restricted: bool) -> None:
        """Write the environment. `restricted` means that only some branches may deploy."""
        github, environment, name = self._github, self._environment, change.name
        match change.kind, change.symbol:
            case "environment", _:
                there = self._observed.environment
                settings = dict(there.protection) if there else {}
                github.put_environment(name, {**settings, "deployment_branch_policy": CUSTOM if restricted else None})
            case "branch", "-":
                assert self._observed.environment is not None
                github.remove_branch(environment, self._observed.environment.branches[name], name)
            case "branch", _:
                github.add_branch(environment, name)
            case "secret", "-":
                github.remove_secret(environment, name)
            case "secret", _:
                self._key = self._key or github.public_key(environment)
                github.put_secret(environment, name, *seal_secret(self._reveal(name), self._key))
            case _, "-":
                github.remove_variable(environment, name)
            case _, "+":
                github.create_variable(environment, name, change.value)
            case _:
                github.update_variable(environment, name, change.value)


def apply_sync(writer: Writer, plan: SyncPlan, on_progress: Callable[[Change], None], *, restricted: bool) -> None:
    """Apply all changes. Raises StateUnknown, with what was written and what was not, if one fails after a write."""
    done: list[Change] = []
    for change in plan.changes:
        try:
            writer.write(change, restricted=restricted)
        except KeyboardInterrupt:
            raise _partly(Interrupted, plan, done, DeployerError("interrupted")) from None
        except Exception as error:
            failure = halted(error, done=len(done))
            if failure is None:
                raise
            raise _partly(StateUnknown, plan, done, failure) from error
        done.append(change)
        on_progress(change)


Kind = TypeVar("Kind", bound=DeployerError)


def _partly(kind: type[Kind], plan: SyncPlan, done: list[Change], error: DeployerError) -> Kind:
    left = plan.changes[len(done) :]
    lines = [
        *filter(None, [error.why]),
        f"written: {', '.join(change.words for change in done) or 'nothing'}",
        f"not written, or unknown: {', '.join(change.words for change in left)}",
    ]
    again = "the same deployer ci github-sync continues from there"
    return kind(
        f"{plan.repository}, environment {plan.environment}: {error.what}",
        why="\n       ".join(lines),
        fix=f"{error.fix}; then {again}" if error.fix else again,
    )
