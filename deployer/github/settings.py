"""Observe one environment on GitHub, and apply a plan to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from deployer.core.github.facts import EnvironmentFact, GitHubFacts, Policy, VariableFact
from deployer.core.github.plan import Change, SyncPlan
from deployer.core.secret import SecretValue
from deployer.errors import DeployerError, Interrupted, StateUnknown
from deployer.github.api import GitHub, seconds
from deployer.github.seal import seal
from deployer.partial import halted

CUSTOM = {"protected_branches": False, "custom_branch_policies": True}


def observe(github: GitHub, name: str) -> GitHubFacts:
    """Read everything that a plan depends on. A failed read raises: it never counts as absent."""
    about = github.about()
    found = github.environment(name)
    variables = list(github.variables(name)) if found else []
    secrets = list(github.secrets(name)) if found else []
    try:
        return GitHubFacts(
            owner_id=about["owner"]["id"],
            repository_id=about["id"],
            archived=bool(about.get("archived")),
            environment=_environment(github, name, found) if found else None,
            variables={one["name"]: VariableFact(one["value"], seconds(one["updated_at"])) for one in variables},
            secrets={one["name"]: seconds(one["updated_at"]) for one in secrets},
        )
    except (KeyError, TypeError):
        raise DeployerError("GitHub's answer lacks a field", fix="check GITHUB_API_URL") from None


def reviewed(github: GitHub, name: str) -> bool:
    """Return whether an environment has required reviewers. Needs only the right to read it ("Actions: read")."""
    found = github.environment(name)
    try:
        return bool(_protection((found or {}).get("protection_rules") or []).get("reviewers"))
    except (KeyError, TypeError):
        raise DeployerError("GitHub's answer lacks a field", fix="check GITHUB_API_URL") from None


def _environment(github: GitHub, name: str, found: Mapping[str, Any]) -> EnvironmentFact:
    flags = found.get("deployment_branch_policy")
    policy: Policy = "all" if flags is None else "custom" if flags["custom_branch_policies"] else "protected"
    listed = list(github.branches(name)) if policy == "custom" else []
    return EnvironmentFact(
        policy=policy,
        branches={one["name"]: one["id"] for one in listed if one.get("type", "branch") == "branch"},
        tags=tuple(sorted(one["name"] for one in listed if one.get("type") == "tag")),
        protection=_protection(found.get("protection_rules") or []),
    )


def _protection(rules: list[dict[str, Any]]) -> dict[str, object]:
    """Return the protection rules that people have set, to be sent with an update: GitHub drops what it leaves out.

    Unset fields are omitted, because some of GitHub's pricing plans refuse even their empty form.
    """
    kept: dict[str, object] = {}
    for rule in rules:
        if rule["type"] == "wait_timer":
            kept["wait_timer"] = rule["wait_timer"]
        elif rule["type"] == "required_reviewers":
            kept["prevent_self_review"] = bool(rule.get("prevent_self_review"))
            kept["reviewers"] = [{"type": one["type"], "id": one["reviewer"]["id"]} for one in rule["reviewers"]]
    return kept


class Writer:
    """Applies changes in order, and records which are done."""

    def __init__(
        self, github: GitHub, environment: str, facts: GitHubFacts, reveal: Callable[[str], SecretValue]
    ) -> None:
        """`reveal` returns the value of a secret by its name on GitHub; it is called when the secret is sent."""
        self._github = github
        self._environment = environment
        self._facts = facts
        self._reveal = reveal
        self._key: dict[str, Any] | None = None

    def write(self, change: Change, *, restricted: bool) -> None:
        """Write the environment. `restricted` means that only some branches may deploy."""
        github, environment, name = self._github, self._environment, change.name
        match change.kind, change.symbol:
            case "environment", _:
                there = self._facts.environment
                settings = dict(there.protection) if there else {}
                github.put_environment(name, {**settings, "deployment_branch_policy": CUSTOM if restricted else None})
            case "branch", "-":
                assert self._facts.environment is not None
                github.remove_branch(environment, self._facts.environment.branches[name], name)
            case "branch", _:
                github.add_branch(environment, name)
            case "secret", "-":
                github.remove_secret(environment, name)
            case "secret", _:
                self._key = self._key or github.public_key(environment)
                github.put_secret(environment, name, *seal(self._reveal(name), self._key))
            case _, "-":
                github.remove_variable(environment, name)
            case _, "+":
                github.create_variable(environment, name, change.value)
            case _:
                github.update_variable(environment, name, change.value)


def apply(writer: Writer, plan: SyncPlan, tell: Callable[[Change], None], *, restricted: bool) -> None:
    """Apply all changes. Raises StateUnknown, with what was written and what was not, if one fails after a write."""
    done: list[Change] = []
    for change in plan.changes:
        try:
            writer.write(change, restricted=restricted)
        except KeyboardInterrupt:
            raise _partly(Interrupted, plan, done, DeployerError("interrupted")) from None
        except Exception as error:
            told = halted(error, done=len(done))
            if told is None:
                raise
            raise _partly(StateUnknown, plan, done, told) from error
        done.append(change)
        tell(change)


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
