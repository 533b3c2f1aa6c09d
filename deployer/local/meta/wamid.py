"""Generate message ids like WhatsApp's, and the ids of users who hide their number."""

from __future__ import annotations

import base64
import hashlib
import secrets


def new_wamid(user: str, *, inbound: bool) -> str:
    """Return `wamid.` and base64 of the user's number, a direction byte and random hex, as in captured traffic."""
    number = user.encode()
    token = secrets.token_hex(10).upper().encode()
    raw = (
        b"\x1c\x18" + bytes([len(number)]) + number + b"\x15\x02\x00" + (b"\x12" if inbound else b"\x11")
        + b"\x18" + bytes([len(token)]) + token + b"\x00"
    )  # fmt: skip
    return "wamid." + base64.b64encode(raw).decode()


def bsuid_of(user: str) -> str:
    """Return the business-scoped id of a number: always the same for the same number."""
    return "US." + str(int.from_bytes(hashlib.sha256(user.encode()).digest()[:8], "big")).zfill(20)[:20]
