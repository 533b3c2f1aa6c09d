"""The local Amazon ECS Express Mode: its API, its deployments, and the tasks it runs."""

from __future__ import annotations

from deployer.local.ecs_express.emulator import EcsExpress
from deployer.local.ecs_express.limits import Limits

__all__ = ["EcsExpress", "Limits"]
