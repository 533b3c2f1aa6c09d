"""The switch that holds operations while they are in progress."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Faults = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def faults(world: Any) -> Iterator[Faults]:
    """A request to the switches; they are cleared afterwards."""

    def ask(method: str, document: object = None) -> tuple[int, dict[str, Any]]:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{world.endpoint.url}/_local/faults", body, method=method)  # noqa: S310 -- http
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- http
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    yield ask
    ask("DELETE")


def statuses(world: Any, arn: str) -> list[tuple[str, str]]:
    listed = world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    return [(one["Type"], one["Status"]) for one in listed]


def test_an_operation_is_held_until_the_switch_is_cleared(
    world: Any, faults: Faults, port: int, get: Callable[..., Any]
) -> None:
    arn, _ = world.create("held-one", world.push(env=("VERSION=1",)).uri, port)
    assert faults("PUT", {"hold": {"seconds": 3600, "operation": "UPDATE_SERVICE"}})[0] == 200
    source = world.source(world.push(env=("VERSION=2",)).uri, port)
    operation = world.apprunner.update_service(ServiceArn=arn, SourceConfiguration=source)["OperationId"]

    def struck() -> Any:
        return faults("GET")[1]["faults"]["hold"][0]["struck"]

    world.until(struck)
    assert statuses(world, arn) == [("UPDATE_SERVICE", "IN_PROGRESS"), ("CREATE_SERVICE", "SUCCEEDED")]
    (held, done) = world.apprunner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    assert ("StartedAt" in held, "EndedAt" in held, "EndedAt" in done) == (True, False, True)
    assert world.describe(arn)["Status"] == "OPERATION_IN_PROGRESS"
    assert get(port)["env"]["VERSION"] == "1"
    assert faults("DELETE")[0] == 200
    assert world.ended(arn, operation) == "SUCCEEDED"
    assert get(port)["env"]["VERSION"] == "2"


def test_a_hold_ends_by_itself_and_strikes_only_what_it_fits(world: Any, faults: Faults, port: int) -> None:
    rules = [{"seconds": 0.2, "operation": "PAUSE_SERVICE", "times": 1}, {"seconds": 3600, "service": "another"}]
    faults("PUT", {"hold": rules})
    arn, status = world.create("held-two", world.push().uri, port)
    assert status == "SUCCEEDED"
    for _ in range(2):
        operation = world.apprunner.pause_service(ServiceArn=arn)["OperationId"]
        assert world.ended(arn, operation) == "SUCCEEDED"
        operation = world.apprunner.resume_service(ServiceArn=arn)["OperationId"]
        assert world.ended(arn, operation) == "SUCCEEDED"
    assert [rule["struck"] for rule in faults("GET")[1]["faults"]["hold"]] == [1, 0]
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
def test_a_document_that_cannot_be_taken(faults: Faults, document: object, told: str) -> None:
    status, answer = faults("PUT", document)
    assert status == 400
    assert told in answer["error"]
    assert faults("GET")[1]["faults"] == {}
    assert list(faults("GET")[1]["switches"]) == ["hold"]
