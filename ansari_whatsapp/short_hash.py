"""Short keyed hashes, by which a message or a text is recognised without being kept."""

from __future__ import annotations

import base64
import hashlib
from typing import Final

LENGTH: Final = 6  # characters: 36 bits, for the few messages of one user in an hour


def derive_key(secret: str) -> bytes:
    """Return a key for `hash_text`. All instances with the same secret have the same key."""
    return hashlib.blake2b(secret.encode(), digest_size=32, person=b"user profile").digest()


def hash_text(key: bytes, text: str) -> str:
    """Return the first characters of a BLAKE2b digest of the text, in URL-safe base64."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=9, key=key).digest()
    return base64.urlsafe_b64encode(digest)[:LENGTH].decode()
