"""The canary of a manifest in the deployment configuration that ECS reports."""

from __future__ import annotations

import copy

from deployer.targets.ecs_express.rollout import changed_rollout
from deployer.targets.ecs_express.settings import Rollout

LIVE = {
    "strategy": "CANARY",
    "bakeTimeInMinutes": 3,
    "canaryConfiguration": {"canaryPercent": 5.0, "canaryBakeTimeInMinutes": 3},
    "alarms": {"alarmNames": ["default/demo/RollbackAlarm"], "enable": True, "rollback": True},
}


def test_only_the_numbers_of_the_manifest_change() -> None:
    before = copy.deepcopy(LIVE)
    assert changed_rollout(LIVE, Rollout(bake_minutes=0, canary_percent=100)) == {
        **LIVE,
        "bakeTimeInMinutes": 0,
        "canaryConfiguration": {"canaryPercent": 100.0, "canaryBakeTimeInMinutes": 0},
    }
    assert before == LIVE


def test_nothing_is_written_where_nothing_changes() -> None:
    assert changed_rollout(LIVE, Rollout(bake_minutes=3, canary_percent=5)) is None
    assert changed_rollout(LIVE, Rollout()) is None
    assert changed_rollout({"strategy": "CANARY"}, Rollout()) is None
    assert changed_rollout(None, Rollout(bake_minutes=1)) is None
