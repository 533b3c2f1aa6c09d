"""Meta's signature of a webhook: HMAC-SHA256 over the raw bytes, keyed with the app secret."""

from __future__ import annotations

import hashlib
import hmac
import re

HEADER = "X-Hub-Signature-256"
_FORM = re.compile(rb"sha256=[0-9a-f]{64}")


class Signer:
    """Checks signatures with an HMAC that is keyed once."""

    def __init__(self, app_secret: str) -> None:
        self._keyed = hmac.new(app_secret.encode(), digestmod=hashlib.sha256)

    def sign(self, body: bytes) -> str:
        """Return the header that Meta would send for these bytes."""
        keyed = self._keyed.copy()
        keyed.update(body)
        return "sha256=" + keyed.hexdigest()

    def valid(self, header: str | None, body: bytes) -> bool:
        """Return whether the header signs exactly these bytes, in constant time. False for any other header format.

        Source: Meta, "Validating payloads" of the Graph API webhooks documentation.
        """
        given = (header or "").encode("utf-8", "surrogateescape")
        if not _FORM.fullmatch(given):
            return False
        return hmac.compare_digest(given, self.sign(body).encode())
