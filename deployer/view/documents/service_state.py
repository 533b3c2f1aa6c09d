"""The JSON of `pause`, `resume` and `restart`."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class ServiceStateDocument(Struct, frozen=True):
    """The outcome of a pause, resume or restart.

    `did` is `paused`, `resumed`, `restarted`, `lifted` (a hold, and nothing else) or `nothing`. `service` is the
    platform's own status afterwards, None when there is no service. `declared` means that the manifest declares the
    service paused. `hold` is the id of the hold that was lifted. `release` runs, or starts with the next resume;
    `number` is its number, None if it is not recorded. `url` is the address of a service that was started.
    """

    environment: str
    did: Literal["paused", "resumed", "restarted", "lifted", "nothing"]
    service: str | None
    declared: bool = False
    hold: str | None = None
    release: str | None = None
    number: int | None = None
    url: str | None = None
