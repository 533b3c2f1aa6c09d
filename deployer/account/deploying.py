"""The policy for deploying one environment, above all for CI: the calls of the deployer, and nothing else. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from deployer import names
from deployer.account.duties import PASSING, deployment
from deployer.core.desired import Desired
from deployer.core.policies.documents import Statement, allow, policy
from deployer.core.policies.rights import Need


def deploying_policy(desired: Desired, source: str | None = None) -> object:
    """The policy document. A new variable does not change it. `source` is the service that images are promoted from."""
    return policy(*statements(deployment(desired, source), desired))


def statements(needs: Iterable[Need], desired: Desired) -> list[Statement]:
    """Statements with the actions that share their resources; the environment's path counts as one resource."""
    together: dict[tuple[tuple[str, ...], bool], set[str]] = {}
    for need in needs:
        together.setdefault((_resources(need, desired), need.action == PASSING), set()).add(need.action)
    passed_to = desired.target.rights.passed_to
    return [_statement(actions, *key, passed_to) for key, actions in sorted(together.items())]


def _resources(need: Need, desired: Desired) -> tuple[str, ...]:
    root = names.ssm_root(desired.parameter_path, desired.region, desired.account)
    patterns = (f"{root}*" if resource.startswith(root) else resource for resource in need.resources)
    return tuple(sorted(set(patterns)))


def _statement(
    actions: Iterable[str], resources: tuple[str, ...], passing: bool, passed_to: tuple[str, ...]
) -> Statement:
    statement = allow(sorted(actions), resources[0] if len(resources) == 1 else list(resources))
    if not passing:
        return statement
    return {**statement, "Condition": {"StringEquals": {"iam:PassedToService": list(passed_to)}}}
