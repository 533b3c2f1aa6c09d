"""The policy of jobs that only push an image, before a person agrees to deploy it. Pure."""

from __future__ import annotations

from deployer.account import duties
from deployer.account.deploying import statements
from deployer.core.desired import Desired
from deployer.core.policies.documents import policy


def imaging_policy(desired: Desired) -> object:
    """The policy document. It can replace no other image: the repository's tags are immutable."""
    return policy(*statements(duties.imaging(desired), desired))
