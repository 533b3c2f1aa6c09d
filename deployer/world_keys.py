"""The keys of a local world: who can read their file may use the world, and nobody else.

Each world makes new ones when it starts, in `.deployer/local/keys/PORT.json` of its checkout, and removes them when it
stops. They are never in an argument, a log or the environment of another process.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Keys:
    """`access_key` and `secret_key` sign AWS calls; `token` is for the control routes of all four servers."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(repr=False)

    @classmethod
    def make(cls) -> Keys:
        return cls("LOCAL" + secrets.token_hex(8).upper(), secrets.token_urlsafe(40), secrets.token_urlsafe(32))

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a request to a control route."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def address(self) -> str:
        """What follows the address of the chat page, so that the page has the token."""
        return f"/?token={self.token}"


# What is sent where no world has written its keys: it opens nothing.
NONE = Keys("no-local-world", "none", "none")


def keys_in(checkout: Path) -> Path:
    """Where the worlds of a checkout keep their keys."""
    return checkout / ".deployer" / "local" / "keys"


def keys_beside(manifest: Path) -> Path:
    """The same for the checkout of a manifest."""
    return keys_in(manifest.resolve().parent.parent)


def write(place: Path, port: int, keys: Keys) -> None:
    """Keep the keys of the world on `port`, readable by this user only."""
    place.mkdir(parents=True, exist_ok=True)
    place.chmod(0o700)
    new = place / f".{port}.{os.getpid()}"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(keys), file)
    new.replace(place / f"{port}.json")


def remove(place: Path, port: int) -> None:
    (place / f"{port}.json").unlink(missing_ok=True)


def read(place: Path, endpoint: str) -> Keys:
    """The keys for an endpoint; NONE when there are none that this user can read.

    Another program may stand in front of the world, on a port of its own: then they are those of the last started one.
    """
    with suppress(OSError, ValueError, TypeError):
        named = place / f"{urlsplit(endpoint).port}.json"
        if not named.is_file():
            named = max(place.glob("*.json"), key=lambda file: file.stat().st_mtime)
        return Keys(**json.loads(named.read_text(encoding="utf-8")))
    return NONE


def proves(authorization: str | None, token: str) -> bool:
    """Whether an Authorization header shows the token."""
    return hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode())


def seal(token: str, what: str) -> str:
    """A proof for one thing, such as the address of a blob, that cannot be made without the token."""
    return hmac.new(token.encode(), what.encode(), hashlib.sha256).hexdigest()
