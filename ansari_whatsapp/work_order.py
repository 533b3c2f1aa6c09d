"""The request that brings work to an instance: `POST /work` at the service's public address."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Final, Self

import orjson

ROUTE: Final = "/work"
HOLD: Final = 100.0  # seconds: a platform may end a request after 120
NAMES_AT_MOST: Final = 200  # users in one request
LONGEST_NAME: Final = 64  # characters


@dataclass(frozen=True)
class Order:
    """The body of a request: whose work is due, by the inbox's own names, or which instance is meant to hold it."""

    users: tuple[str, ...] = ()
    instance: str = ""

    def encode(self) -> bytes:
        return orjson.dumps({"users": self.users, "instance": self.instance})

    @classmethod
    def decode(cls, body: bytes) -> Self:
        """Parse a body. Raises ValueError."""
        document = orjson.loads(body)
        match document:
            case {"users": list(users), "instance": str(instance)} if len(users) <= NAMES_AT_MOST:
                if all(isinstance(user, str) and 0 < len(user) <= LONGEST_NAME for user in users):
                    return cls(tuple(users), instance)
        raise ValueError("not an order")


def token_of(app_secret: str) -> str:
    """Return the bearer token that all instances with this app secret send and accept."""
    return hmac.digest(app_secret.encode(), b"ansari-whatsapp POST /work", hashlib.sha256).hex()
