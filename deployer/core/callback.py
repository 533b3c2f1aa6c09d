"""Where Meta sends messages: the callback of the phone number, else of the account, else of the app. Pure.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deployer.core.trouble import OtherCallback

# The levels by their names in the Graph API; the first that has a callback gets the messages.
LEVELS: Final = ("phone_number", "whatsapp_business_account", "application")


def find_other_callback(callbacks: Mapping[str, str], expected: str) -> OtherCallback | None:
    """Return the callback that gets the messages, unless it is the `expected` URL. None if no level has one."""
    for level in LEVELS:
        if url := callbacks.get(level):
            return None if url.rstrip("/") == expected.rstrip("/") else OtherCallback(level=level, url=url)
    return None
