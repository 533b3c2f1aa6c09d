"""One side of a difference as text: a value, or a parameter by its version and path."""

from __future__ import annotations

from typing import Final

from deployer.core.cause import State
from deployer.core.restart import OtherVersion

UNSHOWN: Final = "a value that is not shown"
WIDEST: Final = 60  # characters of a value in a plan


def shown(value: str) -> str:
    """A literal as a plan shows it: on one line, quoted when necessary, cut when long."""
    text = value if value and value.isprintable() and value == value.strip() else repr(value)
    return text if len(text) <= WIDEST else text[: WIDEST - 3] + "..."


def versioned(state: State) -> str:
    """A parameter: `v3 of /path`, with its type where that differs from the desired type."""
    plain = f"plain {state.type} " if state.type else ""
    typed = "SecureString " if state.type == "SecureString" else plain
    again = ", deleted and recreated" if state.recreated else ""
    return f"{typed}v{state.version} of {state.path}{again}"


def other_version(parameter: OtherVersion) -> str:
    """A variable whose parameter is another one than the running release holds."""
    if parameter.live is None:
        change = f"v{parameter.recorded} -> deleted"
    elif parameter.live == parameter.recorded:
        change = "deleted and recreated"
    else:
        change = f"v{parameter.recorded} -> v{parameter.live}"
    return f"{parameter.variable} ({change})"


def setting(name: str, state: State | None) -> str:
    """The value of a setting of the service."""
    if state is None:
        return "not known"
    if name != "command":
        return state.value or ""
    if state.hidden:
        return "that is not shown"
    return shown(state.value) if state.value else "of the image"
