"""How the environments on GitHub differ from a manifest, for the verbs that only report it. A closed union."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from deployer.resources.github_environment.notice import Notice
from deployer.resources.github_environment.plan import Change, SyncPlan


class GitHubLacks(Struct, frozen=True):
    """A synchronization would add these to the environment on GitHub."""

    github_environment: str
    changes: tuple[Change, ...]


class GitHubDiffers(Struct, frozen=True):
    """A synchronization would change or remove this in the environment on GitHub."""

    github_environment: str
    change: Change


class GitHubNotice(Struct, frozen=True):
    """A synchronization would report this, and leave it alone."""

    github_environment: str
    notice: Notice


GitHubDifference = GitHubLacks | GitHubDiffers | GitHubNotice


def github_differences(plans: Iterable[SyncPlan]) -> Iterator[GitHubDifference]:
    """What a synchronization would change in each environment, and what it would leave alone.

    The deployer's own record is not a difference.
    """
    for plan in plans:
        changes = [change for change in plan.changes if change.kind != "record"]
        if added := tuple(change for change in changes if change.symbol == "+"):
            yield GitHubLacks(plan.environment, added)
        for change in changes:
            if change.symbol != "+":
                yield GitHubDiffers(plan.environment, change)
        for notice in plan.notices:
            yield GitHubNotice(plan.environment, notice)
