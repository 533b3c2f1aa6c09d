"""What adopting a service on ECS Express Mode would take over. It is not there yet. Pure."""

from __future__ import annotations

from typing import Final

from deployer.core.adoption.live import Live
from deployer.core.observed import ObservedService
from deployer.core.service import ServiceSpec
from deployer.core.target import Adoption
from deployer.errors import Blocked
from deployer.targets.ecs_express.limits import SERVICE_NAME
from deployer.targets.ecs_express.manifest import TITLE


def refuse(name: str, spec: ServiceSpec) -> None:
    """Raises Blocked: no manifest is written for such a service yet."""
    del spec
    raise Blocked(
        f"service {name} runs on {TITLE}, and adopt cannot write a manifest for such a service yet",
        fix="write its manifest by hand: docs/reference/manifest.md lists the keys; then: just check ENV",
    )


def _nothing(of: Live | ObservedService) -> tuple[()]:
    del of
    return ()


ADOPTION: Final = Adoption(SERVICE_NAME, refuse, _nothing, _nothing, _nothing)
