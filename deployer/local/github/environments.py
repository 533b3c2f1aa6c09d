"""Environments, and the patterns of branches and tags that may deploy them.

https://docs.github.com/en/rest/deployments/environments and .../branch-policies
"""

from __future__ import annotations

from typing import Any

from werkzeug.wrappers import Request

from deployer.local.github.answers import NOT_FOUND, Answer, document, error, invalid, page
from deployer.local.github.state import Environment, Repositories, Repository, stamp

WAIT_AT_MOST = 43_200  # minutes
REVIEWERS_AT_MOST = 6


def show_repository(repository: Repository) -> Answer:
    owner, _, name = repository.full_name.partition("/")
    return Answer(
        200,
        {
            "id": repository.number,
            "name": name,
            "full_name": repository.full_name,
            "owner": {"login": owner, "id": repository.owner_number, "type": "Organization"},
            "private": False,
            "archived": repository.archived,
            "default_branch": "main",
        },
    )


def show(environment: Environment | None) -> Answer:
    return NOT_FOUND if environment is None else Answer(200, _shown(environment))


def put(request: Request, repository: Repository, name: str, numbers: Repositories, now: float) -> Answer:
    """Make it, or set all of it: a field that is not sent is set back to nothing."""
    sent = document(request)
    if sent is None:
        return error(400, "Problems parsing JSON")
    wait, reviewers = sent.get("wait_timer") or 0, sent.get("reviewers") or []
    policy = sent.get("deployment_branch_policy")
    if not isinstance(wait, int) or not 0 <= wait <= WAIT_AT_MOST:
        return invalid("wait_timer is a whole number of minutes from 0 to 43200")
    if not isinstance(reviewers, list) or len(reviewers) > REVIEWERS_AT_MOST or not all(map(_is_reviewer, reviewers)):
        return invalid("reviewers are at most six, each with type and id")
    if policy is not None and not _is_policy(policy):
        return invalid("protected_branches and custom_branch_policies in deployment_branch_policy have the same value")
    if not name or len(name) > 255:
        return invalid("name is invalid")
    environment = repository.environments.get(name.lower())
    if environment is None:
        environment = Environment(numbers.number(), name, created=now, updated=now)
        repository.environments[name.lower()] = environment
    environment.updated = now
    environment.wait_timer, environment.reviewers, environment.policy = wait, reviewers, policy
    environment.prevent_self_review = bool(sent.get("prevent_self_review"))
    if policy is None or policy["protected_branches"]:
        environment.branches.clear()
    return Answer(200, _shown(environment))


def branches(request: Request, environment: Environment) -> Answer:
    shown = [{"id": number, **one} for number, one in environment.branches.items()]
    return page(request, "branch_policies", shown, most=100, usual=30)


def add_branch(request: Request, environment: Environment, numbers: Repositories) -> Answer:
    sent = document(request)
    if sent is None:
        return error(400, "Problems parsing JSON")
    if environment.policy is None or not environment.policy["custom_branch_policies"]:
        return NOT_FOUND
    one = {"name": sent.get("name"), "type": sent.get("type", "branch")}
    if not isinstance(one["name"], str) or not one["name"] or one["type"] not in {"branch", "tag"}:
        return invalid("name is missing, or type is neither branch nor tag")
    if one in environment.branches.values():
        return Answer(303)
    number = numbers.number()
    environment.branches[number] = one
    return Answer(200, {"id": number, **one})


def remove_branch(environment: Environment, number: str) -> Answer:
    if not number.isdecimal() or int(number) not in environment.branches:
        return NOT_FOUND
    del environment.branches[int(number)]
    return Answer(204)


def _is_reviewer(one: Any) -> bool:
    return isinstance(one, dict) and one.get("type") in {"User", "Team"} and isinstance(one.get("id"), int)


def _is_policy(policy: Any) -> bool:
    if not isinstance(policy, dict):
        return False
    flags = [policy.get("protected_branches"), policy.get("custom_branch_policies")]
    return all(isinstance(flag, bool) for flag in flags) and flags[0] != flags[1]


def _shown(environment: Environment) -> dict[str, object]:
    rules: list[dict[str, object]] = []
    if environment.wait_timer:
        rules.append({"id": 1, "type": "wait_timer", "wait_timer": environment.wait_timer})
    if environment.reviewers:
        people = [{"type": one["type"], "reviewer": {"id": one["id"]}} for one in environment.reviewers]
        prevent = environment.prevent_self_review
        rules.append({"id": 2, "type": "required_reviewers", "prevent_self_review": prevent, "reviewers": people})
    if environment.policy:
        rules.append({"id": 3, "type": "branch_policy"})
    return {
        "id": environment.number,
        "name": environment.name,
        "created_at": stamp(environment.created),
        "updated_at": stamp(environment.updated),
        "protection_rules": rules,
        "deployment_branch_policy": environment.policy,
    }
