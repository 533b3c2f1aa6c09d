"""The keys of a local world. Only a user who can read their file can use the world.

Each world makes new keys when it starts, keeps them in `.deployer/local/keys/PORT.json` of its checkout, and removes
them when it stops. They are never in an argument or a log, and only the service's command for the inbox gets them in
its environment.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import asdict


class Keys(Struct, frozen=True):
    """`access_key` and `secret_key` sign AWS calls; `token` is for the control routes of all four servers."""

    access_key: str
    secret_key: str
    token: str

    def __repr__(self) -> str:
        """Without the secrets."""
        return f"Keys(access_key={self.access_key!r})"

    @classmethod
    def make(cls) -> Keys:
        return cls("LOCAL" + secrets.token_hex(8).upper(), secrets.token_urlsafe(40), secrets.token_urlsafe(32))

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a request to a control route."""
        return {"Authorization": f"Bearer {self.token}"}

    @property
    def address(self) -> str:
        """The path and query of the chat page: the page takes the token from its own address."""
        return f"/?token={self.token}"


# Sent where there is no file with keys. No world accepts them.
NONE = Keys("no-local-world", "none", "none")


def keys_in(checkout: Path) -> Path:
    """Return the directory with the keys of a checkout's worlds."""
    return checkout / ".deployer" / "local" / "keys"


def keys_beside(manifest: Path) -> Path:
    """Return that directory for the checkout of a manifest."""
    return keys_in(manifest.resolve().parent.parent)


def file_of(directory: Path, endpoint: str) -> Path:
    """Return the file with the keys of the world at an endpoint."""
    return directory / f"{urlsplit(endpoint).port}.json"


def write(directory: Path, port: int, keys: Keys) -> None:
    """Store the keys of the world on `port`, readable by this user only."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    new = directory / f".{port}.{os.getpid()}"
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(asdict(keys), file)
    new.replace(directory / f"{port}.json")


def remove(directory: Path, port: int) -> None:
    (directory / f"{port}.json").unlink(missing_ok=True)


def read(directory: Path, endpoint: str) -> Keys:
    """Return the keys of the world at an endpoint; NONE if this user can read no such file."""
    with suppress(OSError, ValueError, TypeError):
        return Keys(**json.loads(file_of(directory, endpoint).read_text(encoding="utf-8")))
    return NONE


def proves(authorization: str | None, token: str) -> bool:
    """Return whether an Authorization header holds the token."""
    return hmac.compare_digest((authorization or "").encode(), f"Bearer {token}".encode())


def seal(token: str, text: str) -> str:
    """Return a signature of a text, such as the digest of a blob, that only the token can create."""
    return hmac.new(token.encode(), text.encode(), hashlib.sha256).hexdigest()
