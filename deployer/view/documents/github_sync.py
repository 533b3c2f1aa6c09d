"""The JSON of `ci github-sync`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from deployer.view.documents.problem import ProblemDocument


class GitHubChange(Struct, frozen=True):
    """A change on GitHub: added (+), changed (~) or removed (-). `value` is a variable's; "" for a secret.

    `reason` is the cause as text for people.
    """

    kind: str
    symbol: str
    name: str
    reason: str
    value: str
    line: str
    cause: dict[str, Any]


class GitHubNote(Struct, frozen=True):
    """Something on GitHub that is only reported: the deployer did not create it, or people have to set it.

    `what` and `why` are text for people.
    """

    what: str
    why: str
    kind: str
    details: dict[str, Any]


class GitHubDocument(Struct, frozen=True):
    """One environment of a repository on GitHub. `written` means that the changes were made."""

    repository: str
    environment: str
    fingerprint: str
    written: bool
    changes: tuple[GitHubChange, ...]
    left: tuple[GitHubNote, ...]
    problems: tuple[ProblemDocument, ...]
    unchanged: int
