"""The warnings of a plan as text."""

from __future__ import annotations

from typing import assert_never

from deployer.core.caution import Caution, FailedBefore, NoRelease, Unverified


def text(caution: Caution) -> str:
    """One warning on one line."""
    match caution:
        case NoRelease():
            return "no release is recorded for this service: changes are shown without saying who made them"
        case FailedBefore():
            why = f" ({caution.why})" if caution.why else ""
            return f"release {caution.number} was the same and failed{why}: it is refused without --retry"
        case Unverified():
            return f"not checked: {caution.what}"
        case _:
            assert_never(caution)
