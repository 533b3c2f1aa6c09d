"""What GitHub did not do, in words: what was asked, why not, and what to do."""

from __future__ import annotations

import re
from typing import Final

import httpx

from deployer.errors import DeployerError
from deployer.github.pace import limited
from deployer.secrecy import without_secrets

SERVICE_FAULT: Final = 500


class Uncertain(DeployerError):
    """A write that may have arrived or not."""


def refused(answer: httpx.Response, what: str, needs: str, repository: str) -> DeployerError:
    """`needs` is the right that such a call takes, as GitHub's X-Accepted-GitHub-Permissions writes it."""
    said = f"{answer.status_code}: {_message(answer)}"
    wait = limited(answer)
    if wait is not None:
        return DeployerError(
            f"GitHub limits how often this token may ask; it was not possible to {what}",
            why=f"{said}; it asks to wait {wait:.0f} s",
            fix="wait that long, then run again: what was done is not done twice",
        )
    match answer.status_code:
        case 401:
            return DeployerError(
                "GitHub does not know this token",
                why=said,
                fix="make a new one on GitHub, and give it as GITHUB_TOKEN or with --token-file",
            )
        case 301 | 302 | 307 | 308:
            return DeployerError(
                f"{repository} has another name now",
                why=f"GitHub sends on to another address ({answer.status_code})",
                fix="write its name of today as github.repository into the manifest",
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
            return DeployerError(f"GitHub refused to {what}", why=said, fix="look at what it says, then run again")


def unreachable(error: httpx.HTTPError, host: str, what: str, *, wrote: bool) -> DeployerError:
    """The error's own text is left out: it may hold a part of what was sent."""
    sure = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout) or not wrote
    kind = DeployerError if sure else Uncertain
    return kind(
        f"{host} does not answer; it was not possible to {what}",
        why=type(error).__name__,
        fix="look at the network, a proxy and GITHUB_API_URL, then run again",
    )


def _message(answer: httpx.Response) -> str:
    try:
        return without_secrets(str(answer.json()["message"]))[:300]  # before it is cut: half a secret is not recognised
    except (ValueError, KeyError, TypeError):
        return "no message"


def _rights(text: str) -> str:
    """`environments=write` as a settings page of GitHub writes it: Environments (write)."""
    found = re.findall(r"([a-z_]+)=(read|write|admin)", text)
    named = " and ".join(f"{name.replace('_', ' ').capitalize()} ({level})" for name, level in found)
    return f"the repository permission {named}" if named else "the rights for it"
