"""The canary of a deployment: what plain ECS reports of it, with the numbers of a manifest. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from deployer.targets.ecs_express.settings import Rollout


def changed_rollout(live: Mapping[str, Any] | None, rollout: Rollout) -> dict[str, Any] | None:
    """The deployment configuration of a live service with these numbers; None where it has them, or none is known.

    Everything else is written back as it was read: the alarms and the circuit breaker belong to ECS.
    """
    if not live:
        return None
    changed = copy.deepcopy(dict(live))
    canary: dict[str, Any] = changed.setdefault("canaryConfiguration", {})
    if rollout.bake_minutes is not None:
        changed["bakeTimeInMinutes"] = canary["canaryBakeTimeInMinutes"] = rollout.bake_minutes
    if rollout.canary_percent is not None:
        canary["canaryPercent"] = float(rollout.canary_percent)
    return None if changed == {"canaryConfiguration": {}, **live} else changed
