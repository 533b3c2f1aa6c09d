"""The differences of GitHub from the manifest as text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deployer.resources.github_environment.plan import Change, SyncPlan
from deployer.view.github_text import notice_text, reason


def github_against(environment: str, plans: Sequence[SyncPlan]) -> tuple[str, ...]:
    """What `deployer ci github-sync` would change in each environment, and what it would leave alone."""
    lines = [f"{_place(environment, plan)} {line}" for plan in plans for line in _told(plan)]
    if any(_shown(plan) for plan in plans):
        lines.append(f"GitHub is set by: deployer ci github-sync {environment}")
    return tuple(lines)


def _place(environment: str, plan: SyncPlan) -> str:
    return "GitHub" if plan.environment == environment else f"GitHub's {plan.environment}"


def _shown(plan: SyncPlan) -> list[Change]:
    return [change for change in plan.changes if change.kind != "record"]


def _told(plan: SyncPlan) -> Iterator[str]:
    if lacks := [change.words for change in _shown(plan) if change.symbol == "+"]:
        yield f"lacks: {', '.join(lacks)}"
    for change in _shown(plan):
        if change.symbol != "+":
            yield f"{change.words}: {reason(change)}"
    for notice in plan.notices:
        yield f"{notice.what} {notice.name}: {notice_text(notice, plan.environment)}"
