"""Why AWS is not as it was released, in the words that a plan uses for it."""

from __future__ import annotations

from typing import Final

OUTSIDE: Final = "changed outside the deployer"
CHANGED: Final = f"drift: {OUTSIDE}"
CREATED: Final = "created outside the deployer"  # before the first release: nothing has drifted from it
REMOVED: Final = "drift: removed outside the deployer"
LEFT: Final = "left by release"
NEVER_RAN: Final = "it never ran"


def drifted(reason: str) -> bool:
    """Whether somebody else's change is among the reasons, which are joined by commas."""
    return any(part.startswith(("drift", "conflict")) for part in reason.split(", "))
