"""The differences of a .env file and of GitHub from the manifest as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import assert_never

from deployer.core.dotenv_file import Line
from deployer.core.other_locations import DotenvDifference
from deployer.resources.github_environment.plan import Change, SyncPlan
from deployer.view.github_text import notice_text, reason


def dotenv_lines(file: str, differences: Iterable[DotenvDifference]) -> tuple[str, ...]:
    """A line for each kind of difference of a .env file."""
    return tuple(f"{file} {_differs(one)}: {', '.join(one.names)}" for one in differences)


def _differs(difference: DotenvDifference) -> str:
    match difference.kind:
        case "missing":
            return "lacks"
        case "not-in-manifest":
            return "has what the manifest does not name"
        case "other-value":
            return "has another value than the manifest"
        case "empty-secret":
            return "has no value for the secret"
        case "other-secret":
            return "has another secret than SSM"
        case _:
            assert_never(difference.kind)


def dotenv_problem(found: Line) -> str:
    """Why a line of a .env file cannot be read. It repeats nothing of the line but its quote."""
    match found.problem:
        case None:
            return ""
        case "no-binding":
            return "this line is not NAME=value"
        case "text-after-quote":
            ends = f"text follows the quote {found.quote} that ends the value"
            return f"{ends}; put a \\ before a quote inside the value"
        case "open-quote":
            return f"the quote {found.quote} that begins the value is not closed; end the value with {found.quote}"
        case _:
            assert_never(found.problem)


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
