"""The JSON of `inbox`, `dead` and `replay`."""

from __future__ import annotations

from deployer.core.inbox import DeadReport, InboxReport, ReplayReport


class InboxDocument(InboxReport, frozen=True, kw_only=True):
    """The messages that wait, by what happens to them, and how many were given up.

    `instance` is the instance that reported, "" for a table. An inbox that is not `shared` is on that instance's disk.
    When it is not `complete`, more messages wait than were counted.
    """

    environment: str


class DeadDocument(DeadReport, frozen=True, kw_only=True):
    """The messages that were given up, newest first. `died` is ISO 8601 in UTC, `total` how many there are in all."""

    environment: str


class ReplayDocument(ReplayReport, frozen=True, kw_only=True):
    """The dead letters that were queued again. `runs` means that the service answers now, so it begins with them."""

    environment: str
    runs: bool
