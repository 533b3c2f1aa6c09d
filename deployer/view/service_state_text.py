"""The outcome of a pause, resume or restart as text."""

from __future__ import annotations

from typing import assert_never

from deployer.errors import as_typed
from deployer.view.documents.service_state import ServiceStateDocument


def render(found: ServiceStateDocument) -> str:
    """What was done, and the next step."""
    return as_typed(_text(found))


def _text(found: ServiceStateDocument) -> str:
    name = found.environment
    match found.did:
        case "paused":
            return f"{name} is paused: users get no answers. {_next(found)}"
        case "resumed":
            return f"{name} runs again with {_release(found)}: {found.url}"
        case "restarted":
            return f"{name} was restarted with {_release(found)}: {found.url}"
        case "lifted" if found.declared:
            return f"{name} is no longer held. Its service stays paused. {_next(found)}"
        case "lifted":
            return f"{name} is no longer held. Deploy with: just reconcile {name}"
        case "nothing" if found.service == "PAUSED":
            return f"{name} is paused already. {_next(found)}"
        case "nothing":
            return f"{name} is not held, and its service is not paused."
        case _:
            assert_never(found.did)


def _next(found: ServiceStateDocument) -> str:
    """How to start the service again."""
    name = found.environment
    if found.declared:
        start = f"remove `paused: true` from env/{name}.yaml, then: just resume {name}"
        return f"env/{name}.yaml declares that. To start it again: {start}"
    return (
        f"Start it again with: just resume {name}\nUntil then a reconcile is refused, unless env/{name}.yaml declares"
        " the pause: `paused: true` below service."
    )


def _release(found: ServiceStateDocument) -> str:
    if found.number is None:
        return "the release it ran before"
    return f"release {found.number} ({found.release})"
