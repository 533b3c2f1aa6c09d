"""The front: which service answers, what is refused, and where moto's answers are put right."""

from __future__ import annotations

import hashlib
import http.client
import json
import socket
import urllib.parse
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from deployer.local.endpoint import AwsEndpoint
from deployer.world_keys import Keys

FORM = "application/x-www-form-urlencoded"


def raw(world: Any, method: str, path: str, body: bytes = b"", **headers: Any) -> tuple[int, bytes]:
    host = urllib.parse.urlsplit(world.endpoint.url)
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    try:
        sent = {"Host": f"127.0.0.1:{host.port}", **headers}
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def test_each_service_answers_under_this_account(shared: Any) -> None:
    assert shared.client("sts").get_caller_identity()["Account"] == "000000000000"
    queue = shared.client("sqs").create_queue(QueueName="q")["QueueUrl"]
    shared.client("sqs").send_message(QueueUrl=queue, MessageBody="x")
    assert "/000000000000/" in queue
    assert shared.client("iam").get_role(RoleName="Access")["Role"]["Arn"].startswith("arn:aws:iam::000000000000:")
    repository = shared.client("ecr").describe_repositories()["repositories"][0]
    assert repository["repositoryUri"] == "000000000000.dkr.ecr.us-west-2.amazonaws.com/small"


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("ssm", "describe_activations", {}),
        ("iam", "simulate_custom_policy", {"PolicyInputList": ["{}"], "ActionNames": ["a:b"]}),
        ("ecr", "get_lifecycle_policy_preview", {"repositoryName": "small"}),
        ("ecs", "list_clusters", {}),
        ("ec2", "describe_instances", {}),
        ("s3", "list_buckets", {}),
        ("lambda", "list_functions", {}),
        ("kms", "list_keys", {}),
    ],
)
def test_what_is_not_emulated_says_so_and_is_not_tried_again(
    shared: Any, service: str, operation: str, parameters: dict[str, Any]
) -> None:
    make: Any = boto3.client  # typed for each service by its literal name
    client = make(
        service,
        region_name="us-west-2",
        endpoint_url=shared.endpoint.url,
        aws_access_key_id=shared.endpoint.keys.access_key,
        aws_secret_access_key=shared.endpoint.keys.secret_key,
    )
    try:
        with pytest.raises(ClientError) as refused:
            getattr(client, operation)(**parameters)
    finally:
        client.close()
    assert refused.value.response["Error"]["Code"] == "NotEmulated"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 501
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
    assert f"does not emulate {service}:" in refused.value.response["Error"]["Message"]


def test_a_parametersthat_moto_stumbles_over(shared: Any) -> None:
    status, answer = shared.post(b"no json", service="ssm", X_Amz_Target="AmazonSSM.GetParameter")
    assert (status, answer["__type"]) == (501, "NotEmulated")
    assert "no json" not in json.dumps(answer)


def test_unsigned_requests(shared: Any) -> None:
    status, body = raw(shared, "POST", "/", b"{}", **{"Content-Type": "application/x-amz-json-1.1"})
    assert (status, json.loads(body)["__type"]) == (403, "MissingAuthenticationTokenException")
    status, body = raw(shared, "POST", "/", b"Action=GetCallerIdentity", **{"Content-Type": FORM})
    assert status == 403
    assert b"<Code>MissingAuthenticationToken</Code>" in body
    for path in ("/", "/moto-api/reset", "/latest/meta-data/"):
        assert raw(shared, "GET", path)[0] == 403


def test_a_presigned_request(shared: Any) -> None:
    url = shared.client("sts").generate_presigned_url("get_caller_identity", HttpMethod="GET")
    status, body = raw(shared, "GET", url.removeprefix(shared.endpoint.url))
    assert status == 200, body
    assert b"<Account>000000000000</Account>" in body


def test_an_image_tag_creates_no_role(shared: Any) -> None:
    """A page can have a browser send such a GET, without an Origin; some browsers send no Sec-Fetch-Site either."""
    scope = "X-Amz-Credential=any/20260101/us-west-2/iam/aws4_request"
    path = f"/?Action=CreateRole&RoleName=by-image&AssumeRolePolicyDocument=%7B%7D&{scope}"
    browsers: list[dict[str, Any]] = [{}, {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}]
    for headers in browsers:
        assert raw(shared, "GET", path, **headers)[0] == 403
    assert raw(shared, "GET", "/?Action=ListServices")[0] == 403
    assert "by-image" not in {role["RoleName"] for role in shared.client("iam").list_roles()["Roles"]}


def test_a_get_creates_no_role(shared: Any) -> None:
    parameters = {"RoleName": "by-get", "AssumeRolePolicyDocument": "{}"}
    url = shared.client("iam").generate_presigned_url("create_role", parameters, HttpMethod="GET")
    status, _ = raw(shared, "GET", url.removeprefix(shared.endpoint.url))
    assert status == 405
    assert "by-get" not in {role["RoleName"] for role in shared.client("iam").list_roles()["Roles"]}


def test_other_regions(shared: Any) -> None:
    with pytest.raises(ClientError, match="this endpoint is us-west-2, not eu-west-1") as refused:
        shared.client("ssm", "eu-west-1").describe_parameters()
    assert refused.value.response["Error"]["Code"] == "InvalidSignatureException"
    shared.client("iam", "us-east-1").list_roles()


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example:4566"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_other_machines_and_other_pages(shared: Any, headers: dict[str, Any]) -> None:
    for path in ("/", "/_local/world"):
        status, body = raw(shared, "GET", path, **headers)
        assert (status, json.loads(body)["__type"]) == (403, "AccessDenied")


def test_the_control_is_the_callers(shared: Any) -> None:
    bearer = shared.endpoint.keys.bearer
    assert raw(shared, "GET", "/_local/some/thing", **bearer) == (200, b"/_local/some/thing")
    assert raw(shared, "GET", "/_local/x", Origin=shared.endpoint.url, **bearer)[0] == 200
    assert raw(shared, "GET", "/_local/x", Origin="http://localhost:8002", **bearer)[0] == 403


def test_a_secret_without_decryption_is_ciphertext(shared: Any) -> None:
    ssm = shared.client("ssm")
    name, secret = "/cipher/key", "kept-to-itself"
    ssm.put_parameter(Name=name, Value=secret, Type="SecureString")
    ssm.put_parameter(Name="/cipher/plain", Value="seen", Type="String")
    reads = (
        lambda **more: [ssm.get_parameter(Name=name, **more)["Parameter"]],
        lambda **more: ssm.get_parameters(Names=[name], **more)["Parameters"],
        lambda **more: ssm.get_parameter_history(Name=name, **more)["Parameters"],
        lambda **more: ssm.get_parameters_by_path(Path="/cipher", **more)["Parameters"],
    )
    seen = set()
    for read in reads:
        for more in ({}, {"WithDecryption": False}):
            found = {parameter["Name"]: parameter["Value"] for parameter in read(**more)}
            assert secret not in json.dumps(found)
            seen.add(found[name])
        assert {parameter["Name"]: parameter["Value"] for parameter in read(WithDecryption=True)}[name] == secret
    assert len(seen) == 1  # as in AWS it is the same for the same version
    ssm.put_parameter(Name=name, Value=secret, Overwrite=True)
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] not in seen
    assert ssm.get_parameter(Name="/cipher/plain")["Parameter"]["Value"] == "seen"
    ssm.delete_parameters(Names=[name, "/cipher/plain"])


def test_images_have_the_digest_of_their_manifest(shared: Any) -> None:
    ecr = shared.client("ecr")
    ecr.create_repository(repositoryName="fixed", imageTagMutability="IMMUTABLE")
    kind = "application/vnd.oci.image.manifest.v1+json"
    first, second = (
        json.dumps({"schemaVersion": 2, "mediaType": kind, "config": {}, "layers": [], "annotations": {"n": n}})
        for n in ("1", "2")
    )
    digest = "sha256:" + hashlib.sha256(first.encode()).hexdigest()
    with pytest.raises(ecr.exceptions.ImageDigestDoesNotMatchException):
        ecr.put_image(
            repositoryName="fixed", imageManifest=first, imageTag="a", imageDigest=digest.replace(digest[-1], "0")
        )
    put = ecr.put_image(repositoryName="fixed", imageManifest=first, imageTag="a")["image"]
    assert put["imageId"]["imageDigest"] == digest
    with pytest.raises(ecr.exceptions.ImageAlreadyExistsException):
        ecr.put_image(repositoryName="fixed", imageManifest=first, imageTag="a")
    with pytest.raises(ecr.exceptions.ImageTagAlreadyExistsException, match="cannot be overwritten"):
        ecr.put_image(repositoryName="fixed", imageManifest=second, imageTag="a")
    ecr.delete_repository(repositoryName="fixed", force=True)


def test_a_port_that_is_taken(shared: Any, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        endpoint = AwsEndpoint(
            port=taken.getsockname()[1],
            account="000000000000",
            region="us-west-2",
            images=tmp_path,
            work=tmp_path,
            loop=shared.loop,
            control=lambda *_: [],
            keys=Keys.make(),
        )
        with pytest.raises(OSError, match="in use"):
            endpoint.start()
        endpoint.stop()


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("apprunner", "list_services", {}),
        ("ssm", "describe_parameters", {}),
        ("ecr", "describe_repositories", {}),
        ("ecr", "get_authorization_token", {}),
        ("iam", "list_roles", {}),
        (
            "iam",
            "simulate_principal_policy",
            {"PolicySourceArn": "arn:aws:iam::000000000000:role/Instance", "ActionNames": ["ssm:GetParameters"]},
        ),
        ("logs", "describe_log_groups", {}),
        ("sqs", "list_queues", {}),
        ("dynamodb", "list_tables", {}),
        ("sts", "get_caller_identity", {}),
    ],
)
def test_an_answer_names_its_request(shared: Any, service: str, operation: str, parameters: dict[str, Any]) -> None:
    client = shared.client(service)
    first, second = (getattr(client, operation)(**parameters)["ResponseMetadata"] for _ in range(2))
    assert first["RequestId"]
    assert first["RequestId"] != second["RequestId"]
    assert "x-amzn-requestid" in first["HTTPHeaders"]
