"""Whether an account can use ECS Express Mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from deployer.core.finding import TargetFinding
from deployer.targets.ecs_express.rights import CLUSTER

ABOUT: Final = "ecs express"


def use(answer: Mapping[str, Any]) -> TargetFinding:
    """What the description of the cluster `default` shows."""
    active = [one for one in answer.get("clusters") or () if one.get("status") == "ACTIVE"]
    if not active:
        text = f"no cluster {CLUSTER} in this account and region yet; the first service creates it"
        return TargetFinding(about=ABOUT, state="note", text=text)
    count = active[0].get("activeServicesCount", 0)
    text = f"{count} {'service' if count == 1 else 'services'} in the cluster {CLUSTER} of this account and region"
    return TargetFinding(about=ABOUT, state="ok", text=text)
