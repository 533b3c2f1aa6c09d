"""Read one environment on GitHub."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.errors import DeployerError
from deployer.github.api import GitHub, seconds
from deployer.resources.github_environment.state import ObservedEnvironment, ObservedGitHub, ObservedVariable, Policy


def observe(github: GitHub, name: str) -> ObservedGitHub:
    """Read everything that a plan depends on. A failed read raises: it never counts as absent."""
    about = github.about()
    environment = github.environment(name)
    variables = list(github.variables(name)) if environment else []
    secrets = list(github.secrets(name)) if environment else []
    try:
        return ObservedGitHub(
            owner_id=about["owner"]["id"],
            repository_id=about["id"],
            archived=bool(about.get("archived")),
            environment=_environment(github, name, environment) if environment else None,
            variables={one["name"]: ObservedVariable(one["value"], seconds(one["updated_at"])) for one in variables},
            secrets={one["name"]: seconds(one["updated_at"]) for one in secrets},
        )
    except (KeyError, TypeError):
        raise DeployerError("GitHub's answer lacks a field", fix="check GITHUB_API_URL") from None


def reviewed(github: GitHub, name: str) -> bool:
    """Return whether an environment has required reviewers. Needs only the right to read it ("Actions: read")."""
    environment = github.environment(name)
    try:
        return bool(_protection((environment or {}).get("protection_rules") or []).get("reviewers"))
    except (KeyError, TypeError):
        raise DeployerError("GitHub's answer lacks a field", fix="check GITHUB_API_URL") from None


def _environment(github: GitHub, name: str, answer: Mapping[str, Any]) -> ObservedEnvironment:
    flags = answer.get("deployment_branch_policy")
    policy: Policy = "all" if flags is None else "custom" if flags["custom_branch_policies"] else "protected"
    listed = list(github.branches(name)) if policy == "custom" else []
    return ObservedEnvironment(
        policy=policy,
        branches={one["name"]: one["id"] for one in listed if one.get("type", "branch") == "branch"},
        tags=tuple(sorted(one["name"] for one in listed if one.get("type") == "tag")),
        protection=_protection(answer.get("protection_rules") or []),
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
