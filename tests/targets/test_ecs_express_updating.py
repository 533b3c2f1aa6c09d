"""An update is sent once, whatever comes of its answer, and never while another deployment runs."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from botocore.exceptions import ClientError

from deployer.aws.session import Session
from deployer.targets.ecs_express.target import EcsExpress, open_ecs_express
from tests.serving import serving
from tests.targets.ecs_express_samples import ARN, NOW, SPEC, configuration, revision, service

Answer = tuple[int, dict[str, Any]] | None  # None: the connection is closed without an answer
LATER = {"__type": "ThrottlingException", "message": "Rate exceeded"}
WRONG = {"__type": "InvalidParameterException", "message": "no"}
FAILED = {"__type": "ServerException", "message": "an error"}


class Platform:
    """ECS with one service, whose updates are answered in turn by `answers`, and otherwise as they should."""

    def __init__(self, *answers: Answer, running: bool = False) -> None:
        self.calls: Counter[str] = Counter()
        self.revisions = [1]
        self._answers = list(answers)
        self._running = running

    def answer(self, call: str) -> Answer:
        self.calls[call] += 1
        match call:
            case "DescribeExpressGatewayService":
                return 200, {"service": plain(service(configuration(1)))}
            case "ListServiceDeployments":
                return 200, {"serviceDeployments": [self._deployment(number) for number in self.revisions]}
            case "UpdateExpressGatewayService":
                answer = self._answers.pop(0) if self._answers else (200, {})
                if answer is None or answer[0] not in range(400, 500):
                    self.revisions.append(len(self.revisions) + 1)
                target = {"serviceRevisionArn": revision(self.revisions[-1])}
                return answer if answer is None or answer[1] else (200, {"service": {"targetConfiguration": target}})
        return 200, {}

    def _deployment(self, number: int) -> dict[str, Any]:
        status = "IN_PROGRESS" if number > 1 or self._running else "SUCCESSFUL"
        return {
            "serviceDeploymentArn": f"{ARN}/{number}",
            "targetServiceRevisionArn": revision(number),
            "status": status,
            "createdAt": NOW + number,
        }


def plain(found: Any) -> Any:
    """Times as ECS sends them."""
    return json.loads(json.dumps(found, default=lambda when: when.timestamp()))


@contextmanager
def opened(platform: Platform) -> Iterator[EcsExpress]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            answer = platform.answer(self.headers["X-Amz-Target"].rpartition(".")[2])
            if answer is None:
                self.close_connection = True
                return
            content = json.dumps(answer[1]).encode()
            self.send_response(answer[0])
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: object) -> None:
            del arguments

    with serving(Handler) as server:
        yield open_ecs_express(Session("000000000000", "us-west-2", f"http://127.0.0.1:{server.server_port}"))


UPDATE = "UpdateExpressGatewayService"


@pytest.mark.parametrize("answer", [(200, {}), None, (500, FAILED)], ids=["answered", "lost", "failed"])
def test_an_update_is_sent_once_and_its_deployment_is_found(answer: Answer) -> None:
    platform = Platform(answer)
    with opened(platform) as target:
        started = target.update(ARN, SPEC, {})
    assert (started.service_arn, started.operation) == (ARN, revision(2))
    assert platform.calls[UPDATE] == 1


def test_an_update_that_was_refused_for_being_one_of_too_many_is_repeated() -> None:
    platform = Platform((400, LATER))
    with opened(platform) as target:
        assert target.update(ARN, SPEC, {}).operation == revision(2)
    assert platform.calls[UPDATE] == 2


def test_a_refused_update_is_an_error_at_once() -> None:
    platform = Platform((400, WRONG))
    with opened(platform) as target, pytest.raises(ClientError, match="InvalidParameterException"):
        target.update(ARN, SPEC, {})
    assert platform.calls[UPDATE] == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda target: target.update(ARN, SPEC, {}),
        lambda target: target.restart(ARN),
        lambda target: target.pause(ARN),
        lambda target: target.resume(ARN),
    ],
    ids=["update", "restart", "pause", "resume"],
)
def test_nothing_is_sent_while_a_deployment_runs(change: Callable[[EcsExpress], Any]) -> None:
    """ECS would accept it, and could leave the load balancer without a healthy target."""
    platform = Platform(running=True)
    with opened(platform) as target, pytest.raises(ClientError, match="a deployment is under way") as refused:
        change(target)
    assert target.is_occupied(refused.value)
    assert platform.calls.keys() == {"DescribeExpressGatewayService", "ListServiceDeployments"}
