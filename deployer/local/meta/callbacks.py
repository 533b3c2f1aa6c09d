"""Where webhooks go: to the callback of the app, or to one that overrides it for the account or for the number.

https://developers.facebook.com/documentation/business-messaging/whatsapp/webhooks/override
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

# All other fields, such as those of templates and of the account, go to the app's callback.
OVERRIDDEN: Final = frozenset(
    {
        "account_settings_update",
        "calls",
        "consumer_profile",
        "group_lifecycle_update",
        "group_participants_update",
        "group_settings_update",
        "group_status_update",
        "history",
        "message_echoes",
        "messages",
        "messaging_handovers",
        "smb_app_state_sync",
        "smb_message_echoes",
    }
)


class Level(StrEnum):
    """What a callback is set for, by its name in the Graph API."""

    NUMBER = "phone_number"
    ACCOUNT = "whatsapp_business_account"
    APPLICATION = "application"


class Callbacks:
    """The callback of each level that has one. The app always has one, here."""

    def __init__(self, application: str) -> None:
        self._urls = {Level.APPLICATION: application}

    @property
    def urls(self) -> Mapping[str, str]:
        """Return the callbacks by their levels, the one that is tried first at the front."""
        return {level: self._urls[level] for level in Level if level in self._urls}

    def url(self, field: str = "messages") -> str:
        """Return where a webhook of this field goes."""
        levels = tuple(Level) if field in OVERRIDDEN else (Level.APPLICATION,)
        return next(self._urls[level] for level in levels if level in self._urls)

    def of(self, level: Level) -> str:
        """Return the callback of a level; "" if it has none."""
        return self._urls.get(level, "")

    def set(self, level: Level, url: str) -> None:
        """Set the callback of a level. "" removes an override."""
        if url:
            self._urls[level] = url
        elif level is not Level.APPLICATION:
            self._urls.pop(level, None)
