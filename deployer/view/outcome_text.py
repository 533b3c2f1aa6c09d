"""The outcome of a reconcile, a rollback or a promotion, as text or JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence

from msgspec.structs import asdict

from deployer.errors import as_typed
from deployer.resources.outcome import Outcome
from deployer.view.pause_text import turned


def outcome_json(outcome: Outcome) -> str:
    """The outcome as one line of JSON."""
    return json.dumps(asdict(outcome), sort_keys=True)


def render_outcome(outcome: Outcome, environment: str, next_steps: Sequence[str]) -> str:
    """The outcome for people; after a deployment it ends with the next steps. "" when nothing was done."""
    if outcome.turned is not None:
        return as_typed(turned(environment, outcome))
    if not outcome.deployed:
        return f"Done: {outcome.changes} applied, no deployment was needed." if outcome.changes else ""
    again = f", release {outcome.rollback_to} again" if outcome.rollback_to else ""
    live = f"Release {outcome.number} ({outcome.release}) is live{again}: {outcome.url}"
    return "\n".join([live, *next_steps])
