"""`deployer drift ENV`: what somebody changed outside the deployer, for a schedule in CI. It changes nothing."""

from __future__ import annotations

import json

from msgspec import to_builtins

from deployer.core.waiting import waiting
from deployer.errors import as_typed
from deployer.run.running_image import missing_image
from deployer.verbs.environment import Environment
from deployer.view.documents import Drift
from deployer.view.safe import one_line


def drift(environment: Environment) -> Drift:
    """Compare what AWS holds with the last release and the manifest."""
    run = environment.run
    facts = run.observed()
    found = waiting(run.compare(facts, None).plan)
    gone = missing_image(run.session, facts)
    lost = (f"image {gone[:19]} of the running release is gone from ECR  (drift)",) if gone else ()
    return Drift(run.desired.environment, (*found.drift, *lost), found.staged)


def show(found: Drift, *, as_json: bool) -> str:
    """A line for each, or JSON."""
    if as_json:
        return json.dumps(to_builtins(found), indent=2)
    lines = [
        *(f"drift   {one_line(line)}" for line in found.drift),
        *(f"staged  {one_line(line)}" for line in found.staged),
    ]
    if not lines:
        return f"{found.environment} has not drifted."
    return "\n".join([*lines, as_typed(f"Take it back, or deploy it: just reconcile {found.environment}")])
