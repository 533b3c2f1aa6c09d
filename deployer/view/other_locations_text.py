"""The differences of a .env file and of GitHub from the manifest as text."""

from __future__ import annotations

from typing import assert_never

from deployer.core.dotenv_file import Line
from deployer.core.other_locations import (
    DOTENV,
    DotenvDifference,
    GitHubUnreadable,
    TokenUnset,
    UnreadableFile,
    UnreadableLine,
    UnreadLocation,
)
from deployer.resources.github_environment.difference import (
    GitHubDifference,
    GitHubDiffers,
    GitHubLacks,
    GitHubNotice,
)
from deployer.view.github_text import notice_text, reason

Difference = DotenvDifference | UnreadableLine | GitHubDifference


def difference_text(difference: Difference, environment: str) -> str:
    """How `.env` or GitHub differs from the manifest of an environment."""
    match difference:
        case DotenvDifference():
            return f"{DOTENV} {_differs(difference)}: {', '.join(difference.names)}"
        case UnreadableLine():
            return f"{DOTENV}:{difference.number}: {dotenv_problem(difference)}"
        case GitHubLacks():
            names = ", ".join(change.words for change in difference.changes)
            return f"{_place(difference, environment)} lacks: {names}"
        case GitHubDiffers():
            return f"{_place(difference, environment)} {difference.change.words}: {reason(difference.change)}"
        case GitHubNotice():
            notice = difference.notice
            text = notice_text(notice, difference.github_environment)
            return f"{_place(difference, environment)} {notice.what} {notice.name}: {text}"
        case _:
            assert_never(difference)


def synced_by(difference: Difference, environment: str) -> str:
    """The command that ends a difference, "" when none does."""
    match difference:
        case GitHubLacks() | GitHubDiffers():
            return f"deployer ci github-sync {environment}"
        case DotenvDifference() | UnreadableLine() | GitHubNotice():
            return ""
        case _:
            assert_never(difference)


def unread_text(location: UnreadLocation) -> str:
    """What could not be compared with the manifest, and why."""
    on_github = "GitHub's variables and secrets"
    match location:
        case UnreadableFile():
            return f"{DOTENV}: {location.why or 'it is not text'}"
        case TokenUnset():
            return f"{on_github}: set GITHUB_TOKEN to check them"
        case GitHubUnreadable():
            why = f" ({location.why})" if location.why else ""
            return f"{on_github}: {location.error}{why}"
        case _:
            assert_never(location)


def _differs(difference: DotenvDifference) -> str:
    match difference.difference:
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
            assert_never(difference.difference)


def dotenv_problem(line: Line | UnreadableLine) -> str:
    """Why a line of a .env file cannot be read. It repeats nothing of the line but its quote."""
    match line.problem:
        case None:
            return ""
        case "no-binding":
            return "this line is not NAME=value"
        case "text-after-quote":
            ends = f"text follows the quote {line.quote} that ends the value"
            return f"{ends}; put a \\ before a quote inside the value"
        case "open-quote":
            return f"the quote {line.quote} that begins the value is not closed; end the value with {line.quote}"
        case _:
            assert_never(line.problem)


def _place(difference: GitHubDifference, environment: str) -> str:
    return "GitHub" if difference.github_environment == environment else f"GitHub's {difference.github_environment}"
