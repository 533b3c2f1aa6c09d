"""The policy of people who answer what a service gave up: it reads users' messages, so CI has none of it. Pure."""

from __future__ import annotations

from typing import Final

from deployer.account.deploying import statements
from deployer.account.duties import operating
from deployer.core.desired import Desired
from deployer.core.policies.documents import POLICY_NAME_CHARACTERS, policy, policy_name

SUFFIX: Final = "-operator"


def operating_policy(desired: Desired) -> object | None:
    """The policy document; None where no verb reads users' messages from the account."""
    needs = operating(desired)
    return policy(*statements(needs, desired)) if needs else None


def operating_policy_name(desired: Desired) -> str:
    """The name of the policy. It is attached to nobody: an administrator decides who gets it."""
    name = policy_name(desired.app, desired.environment)
    return f"{name[: POLICY_NAME_CHARACTERS - len(SUFFIX)]}{SUFFIX}"
