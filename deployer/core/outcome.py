"""What came of a reconcile."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    """`number` is the ledger's; it is None when nothing was deployed. `seconds` covers the deployment."""

    deployed: bool
    number: int | None
    release: str
    url: str
    seconds: int
