"""Choose the GitHub API to call, and its token."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from deployer.core.secret import SecretValue
from deployer.errors import DeployerError, UsageError
from deployer.world_keys import read
from deployer.world_routes import ask

PUBLIC: Final = "https://api.github.com"
ADDRESS: Final = "GITHUB_API_URL"  # GitHub's jobs have it
TOKENS: Final = ("GITHUB_TOKEN", "GH_TOKEN")
HERE: Final = frozenset({"127.0.0.1", "localhost", "::1"})
LOCAL_PATH: Final = "/_local/github"
TOKEN_CHARACTERS: Final = 4096


class Reach(Struct, frozen=True):
    address: str
    token: SecretValue


def token_is_given() -> bool:
    """Return whether an environment variable holds a token."""
    return any(os.environ.get(name) for name in TOKENS)


def open_reach(endpoint: str | None, token_file: Path | None, keys: Path) -> Reach:
    """Open the client of a repository: the local world's GitHub if `endpoint` names a local AWS, else the real one.

    `keys` is the directory with the world's keys. Only an address of this machine in GITHUB_API_URL overrides that.
    Raises UsageError for an address or a token that cannot be used.
    """
    given = _checked(os.environ.get(ADDRESS, ""))
    if endpoint and urlsplit(given).hostname not in HERE:
        return Reach(endpoint + LOCAL_PATH, _read(token_file) if token_file else _of_the_world(endpoint, keys))
    return Reach(given or PUBLIC, _read(token_file) if token_file else _of_the_environment())


def _checked(address: str) -> str:
    """Check the address: a token is sent over plain http to this machine only."""
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise UsageError(f"{ADDRESS} is not a valid address", fix=f"write it like {PUBLIC}") from None
    plain = parts.scheme == "http" and parts.hostname in HERE
    if address and not (parts.scheme == "https" and parts.hostname) and not plain:
        raise UsageError(f"{ADDRESS} has to be an https:// address", fix=f"write it like {PUBLIC}, or unset it")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise UsageError(f"{ADDRESS} holds more than an address", fix=f"write it like {PUBLIC}")
    return address.rstrip("/")


def _of_the_environment() -> SecretValue:
    for name in TOKENS:
        if text := os.environ.get(name):
            return _token(text, name)
    raise UsageError(
        "no token for GitHub is set",
        why=f"neither {' nor '.join(TOKENS)} is set, and no --token-file was named",
        fix="make a fine-grained token (its rights: docs/reference/github-settings.md); then: read -rs GITHUB_TOKEN"
        " && export GITHUB_TOKEN",
    )


def _read(file: Path) -> SecretValue:
    try:
        with file.open(encoding="utf-8") as opened:
            return _token(opened.read(TOKEN_CHARACTERS + 1), str(file))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        raise UsageError(
            f"{file} cannot be read", why=why, fix="name a file that holds a token and nothing else"
        ) from None


def _token(text: str, place: str) -> SecretValue:
    text = text.strip()
    if not re.fullmatch(r"[!-~]+", text) or len(text) > TOKEN_CHARACTERS:
        raise UsageError(f"{place} holds no token", why="a token is one word of ASCII letters", fix="copy it again")
    return SecretValue(text)


def _of_the_world(endpoint: str, keys: Path) -> SecretValue:
    try:
        return SecretValue(ask(f"{endpoint}/_local/secrets/github-token", read(keys, endpoint))["value"])
    except (OSError, ValueError, KeyError):
        raise DeployerError(
            "the local world has no token for its GitHub", fix="just down local, then: just up local"
        ) from None
