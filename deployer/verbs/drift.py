"""`deployer drift ENV`: report changes made outside the deployer, on a schedule in CI. It changes nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec import to_builtins

from deployer.core.cause import DriftItem, State
from deployer.core.waiting import waiting
from deployer.environment.open import Environment
from deployer.errors import as_typed
from deployer.run.running_image import missing_image
from deployer.view.documents import DriftDocument
from deployer.view.drift_text import line


def drift(environment: Environment) -> DriftDocument:
    """Compare what AWS holds with the last release and the manifest."""
    run = environment.run
    facts = run.observed()
    planned = run.compare(facts, None)
    found = waiting(planned.plan)
    gone = missing_image(run.session, facts)
    lost = (DriftItem("running image", "image", State(value=gone), None),) if gone else ()
    return DriftDocument(run.desired.environment, (*found.drift, *lost), found.staged)


def show(found: DriftDocument, *, as_json: bool) -> str:
    """A line for each difference, or JSON."""
    if as_json:
        return json.dumps(to_builtins(found), indent=2)
    now = datetime.now(UTC)
    lines = [f"drift   {line(item, now)}" for item in found.drift]
    lines += [f"staged  {line(item, now)}" for item in found.staged]
    if not lines:
        return f"{found.environment} has not drifted."
    return "\n".join(
        [*lines, as_typed(f"Undo drift and deploy staged values with: just reconcile {found.environment}")]
    )
