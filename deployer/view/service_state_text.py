"""The outcome of a pause, resume or restart as text."""

from __future__ import annotations

from typing import assert_never

from deployer.errors import as_typed
from deployer.view.documents.service_state import ServiceStateDocument


def render(state: ServiceStateDocument) -> str:
    """What was done, and the next step."""
    return as_typed(_text(state))


def _text(state: ServiceStateDocument) -> str:
    name = state.environment
    match state.did:
        case "paused":
            return f"{name} is paused: users get no answers. {_next(state)}"
        case "resumed":
            return f"{name} runs again with {_release(state)}: {state.url}"
        case "restarted":
            return f"{name} was restarted with {_release(state)}: {state.url}"
        case "lifted" if state.declared:
            return f"{name} is no longer held. Its service stays paused. {_next(state)}"
        case "lifted":
            return f"{name} is no longer held. Deploy with: just reconcile {name}"
        case "nothing" if state.service == "PAUSED":
            return f"{name} is paused already. {_next(state)}"
        case "nothing":
            return f"{name} is not held, and its service is not paused."
        case _:
            assert_never(state.did)


def _next(state: ServiceStateDocument) -> str:
    """How to start the service again."""
    name = state.environment
    if state.declared:
        start = f"remove `paused: true` from env/{name}.yaml, then: just resume {name}"
        return f"env/{name}.yaml declares that. To start it again: {start}"
    return (
        f"Start it again with: just resume {name}\nUntil then a reconcile is refused, unless env/{name}.yaml declares"
        " the pause: `paused: true` below service."
    )


def _release(state: ServiceStateDocument) -> str:
    if state.number is None:
        return "the release it ran before"
    return f"release {state.number} ({state.release})"
