"""Calls that a switch lets fail: each service's own error, and real clients that try again."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

READS: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "apprunner": ("ListServices", lambda client: client.list_services()),
    "dynamodb": ("ListTables", lambda client: client.list_tables()),
    "ecr": ("DescribeRepositories", lambda client: client.describe_repositories()),
    "iam": ("ListRoles", lambda client: client.list_roles()),
    "logs": ("DescribeLogGroups", lambda client: client.describe_log_groups()),
    "sqs": ("ListQueues", lambda client: client.list_queues()),
    "ssm": ("DescribeParameters", lambda client: client.describe_parameters()),
    "sts": ("GetCallerIdentity", lambda client: client.get_caller_identity()),
}
CODES = {
    "apprunner": {500: "InternalServiceErrorException"},
    "dynamodb": {500: "InternalServerError"},
    "ecr": {500: "ServerException"},
    "iam": {400: "AccessDenied", 403: "AccessDenied", 429: "Throttling", 500: "ServiceFailure"},
    "logs": {500: "InternalServerException", 503: "ServiceUnavailableException"},
    "sqs": {},
    "ssm": {500: "InternalServerError"},
    "sts": {400: "AccessDenied", 403: "AccessDenied", 429: "Throttling"},
}
OTHERS = {
    400: "AccessDeniedException",
    403: "AccessDeniedException",
    429: "ThrottlingException",
    500: "InternalFailure",
    503: "ServiceUnavailable",
}


@pytest.mark.parametrize("service", READS)
def test_each_service_fails_in_its_own_words(world: Any, service: str) -> None:
    operation, read = READS[service]
    for status, other in OTHERS.items():
        rule = {"call": f"{service}:{operation}", "status": status}
        with world.faults({"refuse": rule}), pytest.raises(ClientError) as refused:
            read(world.client(service, retries=0))
        answer: Any = refused.value.response
        assert (answer["Error"]["Code"], answer["Error"]["Message"]) == (
            CODES[service].get(status, other),
            "a fault switch refuses this call",
        )
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == status
        assert answer["ResponseMetadata"]["RequestId"]
    read(world.client(service))


@pytest.mark.parametrize("mode", ["standard", "legacy"])
@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("service", ["apprunner", "iam", "ssm"])
def test_a_client_tries_again(world: Any, service: str, status: int, mode: str) -> None:
    operation, read = READS[service]
    rule = {"call": f"{service}:{operation}", "status": status, "times": 1}
    with world.faults({"refuse": rule}):
        answer = read(world.client(service, mode=mode, retries=2))
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_class_of_the_model_is_raised(world: Any) -> None:
    with (
        world.faults({"refuse": {"call": "apprunner:ListServices", "status": 500, "message": "try later"}}),
        pytest.raises(world.apprunner.exceptions.InternalServiceErrorException, match="try later"),
    ):
        world.apprunner.list_services()


def test_throttling_as_most_services_answer_it(world: Any) -> None:
    """Status 400 with a code that clients know."""
    rule = {"call": "ssm:DescribeParameters", "code": "ThrottlingException", "times": 1}
    with world.faults({"refuse": rule}):
        answer = world.client("ssm", mode="standard", retries=2).describe_parameters()
    assert answer["ResponseMetadata"]["RetryAttempts"] == 1


@pytest.mark.parametrize(
    ("rule", "status", "code"),
    [
        ({}, 403, "DENIED"),
        ({"code": "ExpiredTokenException"}, 403, "DENIED"),
        ({"code": "ThrottlingException"}, 429, "TOOMANYREQUESTS"),
        ({"status": 429}, 429, "TOOMANYREQUESTS"),
        ({"status": 500}, 500, "UNKNOWN"),
        ({"status": 503}, 503, "UNKNOWN"),
    ],
)
def test_the_registry_fails_too(world: Any, rule: dict[str, Any], status: int, code: str) -> None:
    """Its own answers, and those of ECR behind it."""
    [data] = world.client("ecr").get_authorization_token()["authorizationData"]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    with httpx.Client(base_url=f"{data['proxyEndpoint']}/v2/", auth=(user, password), timeout=30) as registry:
        for call, method, path, content in (
            ("ecr:InitiateLayerUpload", "POST", "small/blobs/uploads/", None),
            ("ecr:PutImage", "PUT", "small/manifests/refused", b'{"schemaVersion": 2}'),
        ):
            with world.faults({"refuse": {"call": call, **rule}}):
                answer = registry.request(method, path, content=content)
            assert (answer.status_code, answer.json()["errors"][0]["code"]) == (status, code)


def test_other_statuses_are_no_switch(world: Any) -> None:
    status, answer = world.switch("PUT", {"refuse": {"status": 404}})
    assert (status, answer["error"]) == (400, "refuse.status must be one of 400, 403, 429, 500, 503")
