"""The warnings of a plan as text."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.caution import Caution, FailedBefore, NoRelease, Unverified
from deployer.core.unverified import (
    CallbackNotRead,
    CallRefused,
    NoSettingsClass,
    RightsConditional,
    RightsRefused,
    SecretsNotRead,
    UnverifiedCheck,
)

ACCEPTED: Final = "whether the service accepts its secrets"
CHECKS: Final = {"image-platform": "the image's platform", "secrets": ACCEPTED, "roles": "the roles"}


def text(caution: Caution) -> str:
    """One warning on one line."""
    match caution:
        case NoRelease():
            return "no release is recorded for this service: changes are shown without saying who made them"
        case FailedBefore():
            why = f" ({caution.why})" if caution.why else ""
            return f"release {caution.number} was the same and failed{why}: it is refused without --retry"
        case Unverified():
            return f"not checked: {unverified_text(caution.check)}"
        case _:
            assert_never(caution)


def unverified_text(check: UnverifiedCheck) -> str:
    """What was not checked, and why."""
    match check:
        case CallRefused():
            return f"{CHECKS[check.check]}: these credentials may not call {check.refused}"
        case RightsRefused():
            return f"what {check.role} allows: these credentials may not call {check.refused}"
        case RightsConditional():
            return f"what {check.role} allows: its policy depends on {', '.join(check.keys)}"
        case NoSettingsClass():
            return f"{ACCEPTED}: {check.file} names no settings class"
        case SecretsNotRead():
            return f"{ACCEPTED}: that takes reading them"
        case CallbackNotRead():
            return f"whether Meta sends messages to this service: {check.why}"
        case _:
            assert_never(check)
