"""Compare a .env file with the manifest, and name what could not be compared. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, Literal

from msgspec import Struct

from deployer.core.dotenv_file import Problem
from deployer.core.secret import SecretValue

DOTENV: Final = ".env"


class DotenvDifference(Struct, frozen=True):
    """One kind of difference, and the variables that differ in this way."""

    difference: Literal["missing", "not-in-manifest", "other-value", "empty-secret", "other-secret"]
    names: tuple[str, ...]


class UnreadableLine(Struct, frozen=True):
    """A line of the .env file that cannot be read. Nothing of it is kept but its quote: it may hold a secret."""

    number: int
    problem: Problem
    quote: str = ""


class UnreadableFile(Struct, frozen=True):
    """The .env file cannot be read. `why` is the system's reason, "" when the file is not text."""

    why: str


class TokenUnset(Struct, frozen=True):
    """No token of GitHub is set, so nothing was read there."""


class GitHubUnreadable(Struct, frozen=True):
    """GitHub could not be read. `error` and `why` are the text of the error."""

    error: str
    why: str


UnreadLocation = UnreadableFile | TokenUnset | GitHubUnreadable


def dotenv_against(
    values: Mapping[str, SecretValue],
    literals: Mapping[str, str],
    secrets: Collection[str],
    held: Mapping[str, SecretValue] | None,
) -> tuple[DotenvDifference, ...]:
    """Names that are missing or unknown, and values that differ; the result holds no value of `found`.

    `held` are the secrets of SSM, by variable; None when they must not be read.
    """
    texts = {name: SecretValue(text, hide=False) for name, text in literals.items()}
    differ = [name for name, text in texts.items() if name in values and values[name] != text]
    other = [name for name in secrets if name in values and values[name] != (held or {}).get(name, values[name])]
    empty = [name for name in secrets if name in values and values[name] == SecretValue("")]
    differences = (
        DotenvDifference("missing", tuple(name for name in (*literals, *secrets) if name not in values)),
        DotenvDifference("not-in-manifest", tuple(n for n in values if n not in literals and n not in secrets)),
        DotenvDifference("other-value", tuple(differ)),
        DotenvDifference("empty-secret", tuple(empty)),
        DotenvDifference("other-secret", tuple(name for name in other if name not in empty)),
    )
    return tuple(difference for difference in differences if difference.names)
