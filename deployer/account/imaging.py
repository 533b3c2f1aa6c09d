"""The policy of jobs that push an image which nobody has agreed to deploy yet: that, and nothing beside. Pure."""

from __future__ import annotations

from deployer.account import duties
from deployer.account.deploying import statements
from deployer.core.desired import Desired
from deployer.core.policies.documents import policy


def imaging(desired: Desired) -> object:
    """It takes no other image away: the repository's tags are immutable."""
    return policy(*statements(duties.imaging(desired), desired))
