"""What a target can do, as part of a sentence."""

from __future__ import annotations

from deployer.core.target import Description


def cancelled(target: Description, what: str = "it") -> str:
    """The end of a sentence about an operation that goes on without the deployer."""
    return "" if target.capabilities.cancel else f"; {what} cannot be cancelled"
