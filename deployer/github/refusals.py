"""Errors for calls that GitHub refused or failed: the call, the cause and the fix."""

from __future__ import annotations

import re
from typing import Final

import httpx

from deployer.errors import DeployerError
from deployer.github.pace import limited
from deployer.secrecy import without_secrets

SERVICE_FAULT: Final = 500


class Uncertain(DeployerError):
    """A write whose outcome is not known."""


def refused(answer: httpx.Response, what: str, needs: str, repository: str) -> DeployerError:
    """Return the error for an answer. `needs` is the right that the call needs, as in X-Accepted-GitHub-Permissions."""
    said = f"{answer.status_code}: {_message(answer)}"
    wait = limited(answer)
    if wait is not None:
        return DeployerError(
            f"GitHub limits this token's calls; it was not possible to {what}",
            why=f"{said}; it asks to wait {wait:.0f} s",
            fix="wait that long, then run again: finished changes are not repeated",
        )
    match answer.status_code:
        case 401:
            return DeployerError(
                "GitHub does not accept this token",
                why=said,
                fix="make a new one on GitHub, and give it as GITHUB_TOKEN or with --token-file",
            )
        case 301 | 302 | 307 | 308:
            return DeployerError(
                f"{repository} was renamed",
                why=f"GitHub redirects to another address ({answer.status_code})",
                fix="write its new name as github.repository into the manifest",
            )
        case 403 | 404:
            right = answer.headers.get("x-accepted-github-permissions") or needs
            return DeployerError(
                f"GitHub does not let this token {what}",
                why=said,
                fix=f"give the token {_rights(right)} for {repository}; a classic token needs the scope repo",
            )
        case status if status >= SERVICE_FAULT:
            kind = DeployerError if answer.request.method == "GET" else Uncertain
            return kind(f"GitHub failed to {what}", why=said, fix="https://www.githubstatus.com, then run again")
        case _:
            return DeployerError(f"GitHub refused to {what}", why=said, fix="fix the cause above, then run again")


def unreachable(error: httpx.HTTPError, host: str, what: str, *, wrote: bool) -> DeployerError:
    """Return the error for a call without an answer. It omits the cause's own text, which may repeat what was sent."""
    sure = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout) or not wrote
    kind = DeployerError if sure else Uncertain
    return kind(
        f"{host} does not answer; it was not possible to {what}",
        why=type(error).__name__,
        fix="check the network, a proxy and GITHUB_API_URL, then run again",
    )


def _message(answer: httpx.Response) -> str:
    try:
        return without_secrets(str(answer.json()["message"]))[:300]  # before it is cut: half a secret is not recognised
    except (ValueError, KeyError, TypeError):
        return "no message"


def _rights(text: str) -> str:
    """Convert `environments=write` to the form of GitHub's settings page: Environments (write)."""
    rights = re.findall(r"([a-z_]+)=(read|write|admin)", text)
    named = " and ".join(f"{name.replace('_', ' ').capitalize()} ({level})" for name, level in rights)
    return f"the repository permission {named}" if named else "the rights for it"
