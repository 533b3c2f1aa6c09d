"""What a run must know about the AWS that it deploys to: real or local."""

from __future__ import annotations

from typing import Protocol


class Site(Protocol):
    """The real AWS or the local world, chosen once, when an environment is opened. Times are in seconds.

    `probe_seconds` is how long a new release may take until its public URL reports it. `poll_seconds` is the first
    pause between two reads of an operation.
    """

    @property
    def probe_seconds(self) -> float: ...

    @property
    def poll_seconds(self) -> float: ...

    @property
    def recreation_seconds(self) -> float: ...

    def public_url(self, service_url: str) -> str:
        """The address of a service with its scheme, which a target may omit."""
        ...
