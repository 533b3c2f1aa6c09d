"""The credentials of an instance's role: where it finds them, how long they last, and what they allow."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.credentials import ContainerProvider
from botocore.exceptions import ClientError

from deployer.local.instance_credentials import LASTS, RENEWED_BEFORE, InstanceCredentials

Get = Callable[..., Any]
TABLE = "arn:aws:dynamodb:us-west-2:000000000000:table/roles"
ROLE = "arn:aws:iam::000000000000:role/Instance"


@pytest.fixture(scope="module")
def table(shared: Any) -> Iterator[str]:
    client = shared.client("dynamodb")
    client.create_table(
        TableName="roles",
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
    )
    shared.until(lambda: client.describe_table(TableName="roles")["Table"]["TableStatus"] == "ACTIVE")
    yield "roles"
    client.delete_table(TableName="roles")


@pytest.fixture
def allowed(shared: Any) -> Iterator[Callable[..., None]]:
    """Let the instance role do so much, and nothing of it afterwards."""
    iam = shared.client("iam")

    def allow(actions: list[str], resource: str = TABLE) -> None:
        iam.put_role_policy(RoleName="Instance", PolicyName="more", PolicyDocument=shared.allow(actions, resource))

    yield allow
    iam.delete_role_policy(RoleName="Instance", PolicyName="more")


@pytest.fixture
def env(world: Any, port: int, get: Get) -> dict[str, str]:
    """The environment of an instance that has a role."""
    _, status = world.create("role-env", world.push().uri, port)
    assert status == "SUCCEEDED"
    found: dict[str, str] = get(port)["env"]
    return found


def client(env: dict[str, str], service: str = "dynamodb") -> Any:
    """A client that finds its credentials as an SDK in that instance does."""
    found = ContainerProvider(environ=env).load()
    frozen = found.get_frozen_credentials()
    make: Any = boto3.client
    return make(
        service,
        region_name=env["AWS_REGION"],
        endpoint_url=env["AWS_ENDPOINT_URL_DYNAMODB"],
        aws_access_key_id=frozen.access_key,
        aws_secret_access_key=frozen.secret_key,
        aws_session_token=frozen.token,
        config=Config(retries={"max_attempts": 1, "mode": "standard"}),
    )


def refusal(call: Callable[..., Any], **request: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**request)
    error = refused.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def fetch(url: str, token: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(url, headers={"Authorization": token})  # noqa: S310 -- http
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- http
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def test_an_instance_is_its_role(env: dict[str, str]) -> None:
    caller = client(env, "sts").get_caller_identity()["Arn"]
    assert caller.startswith("arn:aws:sts::000000000000:assumed-role/Instance/")
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"} & env.keys()


def test_only_the_instances_own_token_gets_its_credentials(world: Any, env: dict[str, str]) -> None:
    url = env["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
    file = Path(env["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"])
    token = file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert token not in str(env)
    status, given = fetch(url, token)
    assert (status, given["RoleArn"]) == (200, ROLE)
    for wrong in ("", "none", world.endpoint.keys.token, f"Bearer {world.endpoint.keys.token}"):
        assert fetch(url, wrong)[0] == 401
    assert fetch(url + "0", token)[0] == 401
    world.delete_all()
    assert fetch(url, token)[0] == 401
    assert not file.exists()


def test_a_role_that_is_deleted_gives_no_credentials(shared: Any) -> None:
    credentials = InstanceCredentials(shared.endpoint._clients)  # noqa: SLF001 -- those of the endpoint
    grant = credentials.grant("one", "arn:aws:iam::000000000000:role/Deleted")
    answer = credentials.serve(grant.path, grant.token)
    assert (answer.status_code, json.loads(answer.get_data())["code"]) == (400, "CredentialsUnavailable")


def test_credentials_are_renewed_and_end(shared: Any) -> None:
    now = [1_000_000.0]
    credentials = InstanceCredentials(shared.endpoint._clients, now=lambda: now[0])  # noqa: SLF001
    grant = credentials.grant("one", ROLE)

    def current() -> dict[str, Any]:
        found: dict[str, Any] = json.loads(credentials.serve(grant.path, grant.token).get_data())
        return found

    first = current()
    now[0] += LASTS - RENEWED_BEFORE - 1
    assert current() == first
    now[0] += 2
    assert current()["AccessKeyId"] != first["AccessKeyId"]
    issued = credentials.find(first["AccessKeyId"], first["Token"])
    assert issued is not None
    assert not credentials.expired(issued)
    now[0] += RENEWED_BEFORE
    assert credentials.expired(issued)
    assert credentials.find(first["AccessKeyId"], "another") is None


def test_a_role_without_a_grant_reaches_no_table(table: str, env: dict[str, str]) -> None:
    caller = client(env, "sts").get_caller_identity()["Arn"]
    told = refusal(client(env).get_item, TableName=table, Key={"pk": {"S": "a"}})
    assert told == (
        f"AccessDeniedException: User: {caller} is not authorized to perform: dynamodb:GetItem on resource: {TABLE} "
        "because no identity-based policy allows the dynamodb:GetItem action"
    )


def test_a_role_may_do_what_it_is_granted(table: str, env: dict[str, str], allowed: Callable[..., None]) -> None:
    dynamodb = client(env)
    allowed(["dynamodb:PutItem", "dynamodb:GetItem"])
    dynamodb.put_item(TableName=table, Item={"pk": {"S": "a"}})
    assert dynamodb.get_item(TableName=table, Key={"pk": {"S": "a"}})["Item"] == {"pk": {"S": "a"}}
    assert "dynamodb:DeleteItem" in refusal(dynamodb.delete_item, TableName=table, Key={"pk": {"S": "a"}})
    assert "table/other" in refusal(dynamodb.put_item, TableName="other", Item={"pk": {"S": "a"}})
    allowed(["dynamodb:PutItem"])  # a missing grant is noticed at once
    assert "dynamodb:GetItem" in refusal(dynamodb.get_item, TableName=table, Key={"pk": {"S": "a"}})


def test_calls_of_other_services_need_a_grant_too(
    world: Any, env: dict[str, str], allowed: Callable[..., None]
) -> None:
    ssm = client(env, "ssm")
    assert ssm.get_parameters(Names=["/app/none"])["InvalidParameters"] == ["/app/none"]
    assert "ssm:PutParameter" in refusal(ssm.put_parameter, Name="/app/x", Value="x", Type="String")
    assert refusal(client(env, "iam").list_roles).startswith("AccessDenied: ")
    assert "apprunner:ListServices" in refusal(client(env, "apprunner").list_services)
    allowed(["apprunner:ListServices"], "*")
    assert len(client(env, "apprunner").list_services()["ServiceSummaryList"]) == 1


def test_a_service_without_a_role_has_no_credentials(world: Any, port: int, get: Get) -> None:
    world.create("role-none", world.push().uri, port, InstanceConfiguration={})
    assert not [name for name in get(port)["env"] if name.startswith("AWS_CONTAINER")]


def test_a_variable_of_the_service_is_stronger_than_the_local_endpoint(world: Any, port: int, get: Get) -> None:
    own = {"RuntimeEnvironmentVariables": {"AWS_ENDPOINT_URL_DYNAMODB": "http://127.0.0.1:1"}}
    world.create("role-own", world.push().uri, port, configuration=own)
    assert get(port)["env"]["AWS_ENDPOINT_URL_DYNAMODB"] == "http://127.0.0.1:1"
