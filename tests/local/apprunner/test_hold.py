"""The switch that holds operations while they are in progress."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest


def statuses(world: Any, arn: str) -> list[tuple[str, str]]:
    listed = world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    return [(one["Type"], one["Status"]) for one in listed]


def struck(world: Any) -> list[int]:
    return [rule["struck"] for rule in world.switch("GET")[1]["faults"]["hold"]]


def test_an_operation_is_held_until_the_switch_is_cleared(world: Any, port: int, get: Callable[..., Any]) -> None:
    arn, _ = world.create("held-one", world.push(env=("VERSION=1",)).uri, port)
    with world.faults({"hold": {"seconds": 3600, "operation": "UPDATE_SERVICE"}}):
        source = world.source(world.push(env=("VERSION=2",)).uri, port)
        operation = world.apprunner.update_service(ServiceArn=arn, SourceConfiguration=source)["OperationId"]
        world.until(lambda: struck(world) == [1])
        assert statuses(world, arn) == [("UPDATE_SERVICE", "IN_PROGRESS"), ("CREATE_SERVICE", "SUCCEEDED")]
        (held, done) = world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
        assert ("StartedAt" in held, "EndedAt" in held, "EndedAt" in done) == (True, False, True)
        assert world.describe(arn)["Status"] == "OPERATION_IN_PROGRESS"
        assert get(port)["env"]["VERSION"] == "1"
    assert world.ended(arn, operation) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "2"


def test_a_hold_ends_by_itself_and_strikes_only_what_it_fits(world: Any, port: int) -> None:
    once = {"seconds": 0.2, "operation": "PAUSE_SERVICE", "times": 1}
    with world.faults({"hold": [once, {"seconds": 3600, "service": "another"}]}):
        arn, status = world.create("held-two", world.push().uri, port)
        assert status == "SUCCEEDED"
        for turn in (world.apprunner.pause_service, world.apprunner.resume_service) * 2:
            assert world.ended(arn, turn(ServiceArn=arn)["OperationId"]) == "SUCCEEDED"
        assert struck(world) == [1, 0]
    assert statuses(world, arn) == [
        (kind, "SUCCEEDED")
        for kind in ("RESUME_SERVICE", "PAUSE_SERVICE", "RESUME_SERVICE", "PAUSE_SERVICE", "CREATE_SERVICE")
    ]
    for one in world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]:
        assert one["StartedAt"] <= one["EndedAt"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ({"hold": True}, "seconds is missing"),
        ({"hold": {"seconds": 1, "operation": "UPDATE"}}, "operation must be one of"),
        ({"slow": True}, "there is no switch 'slow'"),
    ],
)
def test_a_document_that_cannot_be_taken(world: Any, document: object, told: str) -> None:
    status, answer = world.switch("PUT", document)
    assert status == 400
    assert told in answer["error"]
    assert world.switch("GET")[1]["faults"] == {}
    assert {"refuse", "hold", "idle_cpu"} <= world.switch("GET")[1]["switches"].keys()
