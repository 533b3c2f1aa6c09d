"""Every AWS call is signed with a key of this endpoint, as AWS wants it; every control route takes the token."""

from __future__ import annotations

import http.client
import json
import re
import urllib.parse
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from deployer.local import signatures
from deployer.local.aws_errors import AwsError
from deployer.world_keys import Keys

JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"
LIST = "Action=ListRoles&Version=2010-05-08"
PARAMETERS = "AmazonSSM.DescribeParameters"


def client(shared: Any, service: str, access: str, secret: str, token: str | None = None) -> Any:
    make: Any = boto3.client  # typed for each service by its literal name
    return make(
        service,
        region_name="us-west-2",
        endpoint_url=shared.endpoint.url,
        aws_access_key_id=access,
        aws_secret_access_key=secret,
        aws_session_token=token,
    )


def refusal(made: Any, operation: str, **parameters: Any) -> str:
    with pytest.raises(ClientError) as refused:
        getattr(made, operation)(**parameters)
    made.close()
    return str(refused.value.response["Error"]["Code"])


def signed(shared: Any, service: str, body: str, **headers: str) -> AWSRequest:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = AWSRequest("POST", f"{shared.endpoint.url}/", given, body.encode())
    keys = shared.endpoint.keys
    SigV4Auth(Credentials(keys.access_key, keys.secret_key), service, "us-west-2").add_auth(request)
    return request


def send(shared: Any, headers: Any, body: bytes, method: str = "POST", path: str = "/") -> tuple[int, str]:
    """The status, and the error's code."""
    host = urllib.parse.urlsplit(shared.endpoint.url)
    connection = http.client.HTTPConnection("127.0.0.1", host.port, timeout=10)
    try:
        connection.request(method, path, body=body, headers=dict(headers))
        answer = connection.getresponse()
        content = answer.read().decode()
    finally:
        connection.close()
    if content.startswith("{"):
        return answer.status, str(json.loads(content).get("__type", ""))
    found = re.search("<Code>(.*?)</Code>", content)
    return answer.status, found[1] if found else ""


def test_a_key_that_is_not_the_worlds(shared: Any) -> None:
    keys = shared.endpoint.keys
    for access, secret in (("testing", "testing"), (Keys.make().access_key, keys.secret_key)):
        assert refusal(client(shared, "ssm", access, secret), "describe_parameters") == "UnrecognizedClientException"
        assert refusal(client(shared, "apprunner", access, secret), "list_services") == "UnrecognizedClientException"
        assert refusal(client(shared, "iam", access, secret), "list_roles") == "InvalidClientTokenId"
    assert (
        refusal(client(shared, "ssm", keys.access_key, "guess"), "describe_parameters") == "InvalidSignatureException"
    )
    assert refusal(client(shared, "iam", keys.access_key, "guess"), "list_roles") == "SignatureDoesNotMatch"


def test_the_key_of_an_older_world(shared: Any, other: Any) -> None:
    old = shared.endpoint.keys
    assert (
        refusal(client(other, "sts", old.access_key, old.secret_key), "get_caller_identity") == "InvalidClientTokenId"
    )


def test_a_service_of_another_user_cannot_be_started(shared: Any) -> None:
    """Not even one that is no call at all: what is not signed is not looked at."""
    before = shared.apprunner.list_services()["ServiceSummaryList"]
    theirs = client(shared, "apprunner", "testing", "testing")
    source = shared.source("000000000000.dkr.ecr.us-west-2.amazonaws.com/small:x", 8000, StartCommand="id")
    code = refusal(theirs, "create_service", ServiceName="theirs", SourceConfiguration=source)
    assert code == "UnrecognizedClientException"
    assert shared.apprunner.list_services()["ServiceSummaryList"] == before


def test_what_was_signed_is_what_is_asked(shared: Any) -> None:
    request = signed(shared, "ssm", "{}", Content_Type=JSON, X_Amz_Target=PARAMETERS)
    assert send(shared, request.headers.items(), b"{}") == (200, "")
    wrong = (400, "InvalidSignatureException")
    assert send(shared, request.headers.items(), b'{"MaxResults": 1}') == wrong
    assert send(shared, request.headers.items(), b"{}", path="/other") == wrong
    assert send(shared, request.headers.items(), b"{}", path="/?a=b") == wrong
    assert send(shared, request.headers.items(), b"{}", method="PUT") == wrong
    for name, value in (("X-Amz-Target", "AmazonSSM.DeleteParameter"), ("X-Amz-More", "1"), ("Host", "localhost:1")):
        assert send(shared, {**dict(request.headers.items()), name: value}.items(), b"{}") == wrong, name
    claimed = {**dict(request.headers.items()), "X-Amz-Content-Sha256": "UNSIGNED-PAYLOAD"}
    assert send(shared, claimed.items(), b"{}") == wrong


def test_a_body_is_signed_whatever_the_client_says_of_it(shared: Any) -> None:
    request = signed(
        shared, "ssm", "{}", Content_Type=JSON, X_Amz_Target=PARAMETERS, X_Amz_Content_Sha256="UNSIGNED-PAYLOAD"
    )
    assert send(shared, request.headers.items(), b"{}") == (400, "InvalidSignatureException")


def test_the_host_may_be_that_of_a_program_in_front(shared: Any) -> None:
    request = AWSRequest("POST", "http://localhost:65000/", {"Content-Type": JSON, "X-Amz-Target": PARAMETERS}, b"{}")
    keys = shared.endpoint.keys
    SigV4Auth(Credentials(keys.access_key, keys.secret_key), "ssm", "us-west-2").add_auth(request)
    assert send(shared, [*request.headers.items(), ("Host", "localhost:65000")], b"{}") == (200, "")


def received(method: str, url: str, headers: Any = (), body: bytes = b"") -> Request:
    """A request as the endpoint's server hands it on."""
    parts = urllib.parse.urlsplit(url)
    builder = EnvironBuilder(method=method, path="/", query_string=parts.query, headers=[*headers], data=body)
    sent = {"HTTP_HOST": parts.netloc, "RAW_URI": f"/?{parts.query}"}
    return Request({**builder.get_environ(), **sent})


@pytest.mark.parametrize("seconds", [-301, 301])
@pytest.mark.parametrize(
    ("service", "body", "headers", "code"),
    [
        ("ssm", "{}", {"Content_Type": JSON, "X_Amz_Target": PARAMETERS}, "InvalidSignatureException"),
        ("iam", LIST, {"Content_Type": FORM}, "RequestExpired"),
    ],
)
def test_a_signature_of_another_time(
    shared: Any, service: str, body: str, headers: dict[str, str], code: str, seconds: int
) -> None:
    made = signed(shared, service, body, **headers)
    request = received("POST", f"{shared.endpoint.url}/", made.headers.items(), body.encode())
    then = datetime.strptime(made.context["timestamp"], signatures.STAMP).replace(tzinfo=UTC)

    def at(moment: datetime) -> AwsError | None:
        return signatures.verify(request, body.encode(), lambda *_: shared.endpoint.keys.secret_key, moment)

    assert at(then) is None
    assert at(then + timedelta(seconds=299 if seconds > 0 else -299)) is None
    wrong = at(then + timedelta(seconds=seconds))
    assert wrong is not None
    assert wrong.code == code


def test_credentials_that_have_ended(shared: Any) -> None:
    def ended(*_: str) -> str:
        raise signatures.ExpiredToken

    for service, body, headers, expected in (
        ("ssm", "{}", {"Content_Type": JSON, "X_Amz_Target": PARAMETERS}, (400, "ExpiredTokenException")),
        ("iam", LIST, {"Content_Type": FORM}, (403, "ExpiredToken")),
    ):
        made = signed(shared, service, body, **headers)
        request = received("POST", f"{shared.endpoint.url}/", made.headers.items(), body.encode())
        wrong = signatures.verify(request, body.encode(), ended, datetime.now(UTC))
        assert wrong is not None
        assert (wrong.status, wrong.code) == expected


def test_a_presigned_address_ends(shared: Any) -> None:
    url = shared.client("sts").generate_presigned_url("get_caller_identity", ExpiresIn=600, HttpMethod="GET")

    def after(seconds: int, url: str) -> str:
        moment = datetime.now(UTC) + timedelta(seconds=seconds)
        secret = shared.endpoint.keys.secret_key
        wrong = signatures.verify(received("GET", url), b"", lambda *_: secret, moment)
        return wrong.code if wrong else ""

    assert after(0, url) == after(500, url) == ""
    assert after(700, url) == "RequestExpired"
    assert after(700, url.replace("X-Amz-Expires=600", "X-Amz-Expires=900")) == "SignatureDoesNotMatch"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer x",
        "AWS4-HMAC-SHA256 Credential=k/20260101/us-west-2/ssm/aws4_request, Signature=none",
        "AWS4-HMAC-SHA256 Credential=k/20260101/us-west-2/ssm/aws4_request, SignedHeaders=host, Signature=" + "0" * 64,
        "AWS4-HMAC-SHA256 Credential=k/1/2/3/4/5, SignedHeaders=host, Signature=" + "0" * 64,
    ],
)
def test_what_is_no_signature(shared: Any, authorization: str) -> None:
    headers = {"Authorization": authorization, "Content-Type": JSON, "X-Amz-Target": PARAMETERS}
    status, code = send(shared, headers.items(), b"{}")
    assert status in {400, 403}
    assert code in {"InvalidSignatureException", "MissingAuthenticationTokenException"}


def test_users_and_roles_have_keys_of_their_own(shared: Any) -> None:
    iam = shared.client("iam")
    iam.create_user(UserName="signs")
    key = iam.create_access_key(UserName="signs")["AccessKey"]
    theirs = client(shared, "sts", key["AccessKeyId"], key["SecretAccessKey"])
    assert theirs.get_caller_identity()["Arn"] == "arn:aws:iam::000000000000:user/signs"
    assert refusal(client(shared, "sts", key["AccessKeyId"], "guess"), "get_caller_identity") == "SignatureDoesNotMatch"
    iam.update_access_key(UserName="signs", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refusal(theirs, "get_caller_identity") == "InvalidClientTokenId"
    iam.delete_access_key(UserName="signs", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="signs")
    role = shared.client("sts").assume_role(RoleArn="arn:aws:iam::000000000000:role/Access", RoleSessionName="s")
    given = [role["Credentials"][name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")]
    assert ":assumed-role/Access/s" in client(shared, "sts", *given).get_caller_identity()["Arn"]
    without = client(shared, "sts", given[0], given[1], "another")
    assert refusal(without, "get_caller_identity") == "InvalidClientTokenId"


@pytest.mark.parametrize("path", ["/_local/faults", "/_local/secrets/meta-app-secret", "/_local/%66aults", "/_local/x"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
def test_a_control_route_takes_the_token(shared: Any, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer "}, Keys.make().bearer):
        assert send(shared, headers.items(), b"{}", method, path)[0] == 401
    assert send(shared, [], b"", "GET", "/_local/world")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:8001"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": "rebound.example:4566"},
    ],
)
def test_a_page_gets_nowhere_even_with_the_keys(shared: Any, headers: dict[str, str]) -> None:
    request = signed(shared, "ssm", "{}", Content_Type=JSON, X_Amz_Target=PARAMETERS)
    given = {**dict(request.headers.items()), **headers}
    assert send(shared, given.items(), b"{}")[0] == 403
    token = {**shared.endpoint.keys.bearer, **headers}
    assert send(shared, token.items(), b"", "DELETE", "/_local/faults")[0] == 403
