"""Parameters of the local SSM, as AWS answers."""

from __future__ import annotations

import contextlib
import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from werkzeug.wrappers import Response

from deployer.local.call import Call
from deployer.local.corrections.ssm import Ssm

PREFIX = "arn:aws:ssm:us-west-2:000000000000:parameter"
MARK = [{"Key": "managed-by", "Value": "deployer"}]
_numbers = itertools.count()


@pytest.fixture
def ssm(shared: Any) -> Any:
    return shared.client("ssm")


@pytest.fixture
def path(ssm: Any) -> Iterator[str]:
    """A path of one test; what is below it is deleted afterwards."""
    path = f"/of-test-{next(_numbers)}"
    yield path
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True)
    for page in pages:
        if names := [parameter["Name"] for parameter in page["Parameters"]]:
            ssm.delete_parameters(Names=names)


def put(ssm: Any, name: str, value: str = "v", **more: Any) -> int:
    version: int = ssm.put_parameter(**{"Name": name, "Value": value, "Type": "String", **more})["Version"]
    return version


def described(ssm: Any, path: str, **more: Any) -> dict[str, Any]:
    filters = [
        {"Key": "Path", "Option": "Recursive", "Values": [path]},
        {"Key": "tag:managed-by", "Option": "Equals", "Values": ["deployer"]},
    ]
    answer: dict[str, Any] = ssm.describe_parameters(ParameterFilters=filters, **more)
    return answer


def test_what_is_ours_below_a_path_is_described(ssm: Any, path: str) -> None:
    put(ssm, f"{path}/a", Description="what it is", Tier="Standard", Tags=MARK)
    put(ssm, f"{path}/deep/b", Type="SecureString", Tags=MARK)
    put(ssm, f"{path}/foreign")
    put(ssm, f"{path}-not/c", Tags=MARK)
    put(ssm, f"{path}/a", Overwrite=True)
    first, second = described(ssm, path)["Parameters"]
    assert (first["Name"], first["Type"], first["Version"]) == (f"{path}/a", "String", 2)
    assert (first["Description"], first["Tier"]) == ("what it is", "Standard")
    assert (first["LastModifiedUser"], "Value" in first) == ("arn:aws:sts::000000000000:user/moto", False)
    assert first["LastModifiedDate"] >= second["LastModifiedDate"]
    assert (second["Name"], second["Type"], second["KeyId"]) == (f"{path}/deep/b", "SecureString", "alias/aws/ssm")
    ssm.delete_parameter(Name=f"{path}-not/c")


def test_descriptions_come_in_pages_of_the_size_asked_for(ssm: Any, path: str) -> None:
    for number in range(53):
        put(ssm, f"{path}/p{number:02}", Tags=MARK)

    def sizes(**more: Any) -> list[int]:
        answer = described(ssm, path, **more)
        pages = [answer["Parameters"]]
        while token := answer.get("NextToken"):
            answer = described(ssm, path, NextToken=token, **more)
            pages.append(answer["Parameters"])
        assert [parameter["Name"] for page in pages for parameter in page] == [f"{path}/p{n:02}" for n in range(53)]
        return [len(page) for page in pages]

    assert sizes(MaxResults=50) == [50, 3]
    assert sizes(MaxResults=17) == [17, 17, 17, 2]
    assert sizes() == [10, 10, 10, 10, 10, 3]
    with pytest.raises(ClientError, match="MaxResults"):
        described(ssm, path, MaxResults=51)


def test_who_wrote_a_version(shared: Any, ssm: Any, path: str) -> None:
    iam = shared.client("iam")
    iam.create_user(UserName="somebody")
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    theirs: Any = boto3.client(
        "ssm",
        region_name="us-west-2",
        endpoint_url=shared.endpoint.url,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    put(ssm, f"{path}/a", Tags=MARK)
    put(theirs, f"{path}/a", Overwrite=True)
    theirs.close()
    users = ["arn:aws:sts::000000000000:user/moto", "arn:aws:iam::000000000000:user/somebody"]
    history = ssm.get_parameter_history(Name=f"{path}/a")["Parameters"]
    assert [parameter["LastModifiedUser"] for parameter in history] == users
    assert described(ssm, path)["Parameters"][0]["LastModifiedUser"] == users[1]
    iam.delete_access_key(UserName="somebody", AccessKeyId=key["AccessKeyId"])
    iam.delete_user(UserName="somebody")


def test_versions_and_history(ssm: Any, path: str) -> None:
    name = f"{path}/a"
    for number in range(1, 6):
        assert put(ssm, name, f"v{number}", Overwrite=number > 1) == number
    assert ssm.get_parameter(Name=f"{name}:3")["Parameter"]["Value"] == "v3"
    with pytest.raises(ssm.exceptions.ParameterVersionNotFound):
        ssm.get_parameter(Name=f"{name}:6")
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=name, PaginationConfig={"PageSize": 2})
    assert [[parameter["Value"] for parameter in page["Parameters"]] for page in pages] == [
        ["v1", "v2"],
        ["v3", "v4"],
        ["v5"],
    ]


def test_names_that_are_missing_are_named(ssm: Any, path: str) -> None:
    put(ssm, f"{path}/a")
    answer = ssm.get_parameters(Names=[f"{path}/a", f"{path}/b", f"{PREFIX}{path}/a", f"{path}/a:9"])
    assert [parameter["Name"] for parameter in answer["Parameters"]] == [f"{path}/a"] * 2
    assert {parameter["ARN"] for parameter in answer["Parameters"]} == {f"{PREFIX}{path}/a"}
    assert sorted(answer["InvalidParameters"]) == [f"{path}/a:9", f"{path}/b"]
    answer = ssm.delete_parameters(Names=[f"{path}/a", f"{path}/b"])
    assert (answer["DeletedParameters"], answer["InvalidParameters"]) == ([f"{path}/a"], [f"{path}/b"])
    for call in (ssm.delete_parameter, ssm.get_parameter, ssm.get_parameter_history):
        with pytest.raises(ssm.exceptions.ParameterNotFound):
            call(Name=f"{path}/a")
    for call in (ssm.get_parameters, ssm.delete_parameters):
        with pytest.raises(ClientError, match="Names has 11 items") as refused:
            call(Names=[f"{path}/{number}" for number in range(11)])
        assert refused.value.response["Error"]["Code"] == "ValidationException"


def test_tags(ssm: Any, path: str) -> None:
    put(ssm, f"{path}/a")
    of = {"ResourceType": "Parameter", "ResourceId": f"{path}/a"}
    assert ssm.list_tags_for_resource(**of)["TagList"] == []
    ssm.add_tags_to_resource(**of, Tags=MARK)
    assert ssm.list_tags_for_resource(**of)["TagList"] == MARK
    assert [parameter["Name"] for parameter in described(ssm, path)["Parameters"]] == [f"{path}/a"]
    with pytest.raises(ClientError, match="tags and overwrite can't be used together"):
        put(ssm, f"{path}/a", Overwrite=True, Tags=MARK)
    ssm.delete_parameter(Name=f"{path}/a")
    put(ssm, f"{path}/a")
    assert ssm.list_tags_for_resource(**of)["TagList"] == []
    with pytest.raises(ssm.exceptions.InvalidResourceId):
        ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=f"{path}/none")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("String", "SecureString"),
        ("SecureString", "String"),
        ("StringList", "String"),
        ("String", "StringList"),
        ("StringList", "SecureString"),
    ],
)
def test_an_overwrite_changes_no_type(ssm: Any, path: str, before: str, after: str) -> None:
    name = f"{path}/a"
    put(ssm, name, "one", Type=before, Tags=MARK)
    with pytest.raises(ssm.exceptions.HierarchyTypeMismatchException):
        put(ssm, name, "two", Type=after, Overwrite=True)
    assert put(ssm, name, "two", Type=before, Overwrite=True) == 2
    assert ssm.put_parameter(Name=name, Value="three", Overwrite=True)["Version"] == 3, "without Type it stays"
    (found,) = described(ssm, path)["Parameters"]
    assert (found["Type"], found["Version"]) == (before, 3)
    ssm.delete_parameter(Name=name)
    assert put(ssm, name, "four", Type=after) == 1
    assert ssm.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"] == "four"


LIMIT = 1011 - len(f"{PREFIX}/")


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"Value": "s3ntinel" * 512 + "x"}, "ValidationException"),
        ({"Value": "é" * 2049}, "ValidationException"),
        ({"Value": "s3ntinel" * 1024 + "x", "Tier": "Advanced"}, "ValidationException"),
        ({"Value": "a {{s3ntinel}} b"}, "ValidationException"),
        ({"Value": "{{\ns3ntinel}}"}, "ValidationException"),
        ({"Value": "s3ntinel", "AllowedPattern": "^[0-9]+$"}, "ParameterPatternMismatchException"),
        ({"AllowedPattern": "["}, "InvalidAllowedPatternException"),
        ({"Name": "/refused/a b"}, "ValidationException"),
        ({"Name": "/refused//a"}, "ValidationException"),
        ({"Name": "/refused/a/"}, "ValidationException"),
        ({"Name": "/refused/ä"}, "ValidationException"),
        ({"Name": "/refused" + "/a" * 15}, "HierarchyLevelLimitExceededException"),
        ({"Name": "/" + "a" * (LIMIT + 1)}, "ValidationException"),
        ({"Type": "Text"}, "ValidationException"),
        ({"Tier": "Cheap"}, "ValidationException"),
        ({"Description": "d" * 1025}, "ValidationException"),
    ],
)
def test_what_may_not_be_written(ssm: Any, members: dict[str, Any], code: str) -> None:
    request = {"Name": "/refused/a", "Value": "v", "Type": "String", **members}
    with pytest.raises(ClientError) as refused:
        ssm.put_parameter(**request)
    assert refused.value.response["Error"]["Code"] == code
    assert "s3ntinel" not in refused.value.response["Error"]["Message"]
    assert ssm.get_parameters_by_path(Path="/refused", Recursive=True)["Parameters"] == []


@pytest.mark.parametrize(
    ("name", "members"),
    [
        ("/a" * 15, {"Value": "x" * 4096}),
        ("/" + "a" * LIMIT, {"Value": "é" * 2048}),
        ("alone.of_its-kind", {"Value": "{{ }", "AllowedPattern": "^{"}),
        ("/large", {"Value": "x" * 8192, "Tier": "Advanced"}),
    ],
)
def test_what_may_just_be_written(ssm: Any, name: str, members: dict[str, Any]) -> None:
    assert put(ssm, name, **members, Tags=[{"Key": "Größe", "Value": "a b"}]) == 1
    assert ssm.get_parameter(Name=name)["Parameter"]["Value"] == members["Value"]
    ssm.delete_parameter(Name=name)


def test_moto_is_asked_by_one_at_a_time() -> None:
    """Of two who create a parameter at once moto would let both."""
    inside, met = 0, threading.Barrier(2)

    def ask(_: bytes) -> Response:
        nonlocal inside
        inside += 1
        try:
            with contextlib.suppress(threading.BrokenBarrierError):
                met.wait(0.2)
            assert inside == 1
        finally:
            inside -= 1
        return Response('{"Version": 1}')

    ssm = Ssm(lambda _: "arn")
    call = Call("ssm", "us-west-2", "PutParameter", "key")
    body = b'{"Name": "/a", "Value": "v", "Type": "String"}'
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda _: ssm.corrected(call, body, ask), range(2)))
    assert met.broken


def test_a_name_with_a_slash_starts_with_one(ssm: Any) -> None:
    with pytest.raises(ClientError, match="must be a fully qualified name"):
        put(ssm, "refused/a")


def test_an_advanced_parameter_stays_one_until_it_is_deleted(ssm: Any, path: str) -> None:
    name = f"{path}/a"
    put(ssm, name, Tier="Advanced")
    for tier in ({"Tier": "Standard"}, {}):
        with pytest.raises(ClientError, match="downgrade"):
            put(ssm, name, "w", Overwrite=True, **tier)
    assert put(ssm, name, "w", Overwrite=True, Tier="Advanced") == 2
    ssm.delete_parameter(Name=name)
    assert put(ssm, name) == 1
    ssm.delete_parameters(Names=[name])


def test_policies_are_for_advanced_parameters(ssm: Any, path: str) -> None:
    policies = '[{"Type":"NoChangeNotification","Version":"1.0","Attributes":{"After":"20","Unit":"Days"}}]'
    with pytest.raises(ClientError, match="advanced-parameter tier only"):
        put(ssm, f"{path}/a", Policies=policies)


@pytest.mark.parametrize(
    ("kind", "key", "code"),
    [
        ("SecureString", "alias/somebody", "InvalidKeyId"),
        ("SecureString", "12345678-1234-1234-1234-123456789012", "InvalidKeyId"),
        ("String", "alias/aws/ssm", "ValidationException"),
    ],
)
def test_a_key_that_is_not_there(ssm: Any, path: str, kind: str, key: str, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        put(ssm, f"{path}/a", Type=kind, KeyId=key)
    assert refused.value.response["Error"]["Code"] == code
    assert put(ssm, f"{path}/a", Type="SecureString", KeyId="alias/aws/ssm") == 1


def test_a_version_is_named_as_it_was_asked_for(ssm: Any, path: str) -> None:
    put(ssm, f"{path}/a")
    assert ssm.get_parameter(Name=f"{path}/a:1")["Parameter"]["Selector"] == ":1"
    assert "Selector" not in ssm.get_parameter(Name=f"{path}/a")["Parameter"]


def test_parameters_are_named_as_they_were_asked_for(ssm: Any, path: str) -> None:
    for value in ("one", "two", "three"):
        put(ssm, f"{path}/a", value, Overwrite=True)
    put(ssm, f"{path}/b")
    ssm.label_parameter_version(Name=f"{path}/a", ParameterVersion=2, Labels=["middle"])
    names = [f"{path}/a:1", f"{path}/a:middle", f"{path}/a", f"{path}/b", f"{path}/b:9"]
    answer = ssm.get_parameters(Names=names)
    found = {(one["Name"], one.get("Selector")): one["Value"] for one in answer["Parameters"]}
    assert found == {
        (f"{path}/a", ":1"): "one",
        (f"{path}/a", ":middle"): "two",
        (f"{path}/a", None): "three",
        (f"{path}/b", None): "v",
    }
    assert answer["InvalidParameters"] == [f"{path}/b:9"]


def test_a_path_begins_with_a_slash(ssm: Any) -> None:
    with pytest.raises(ClientError, match="forward slash"):
        ssm.get_parameters_by_path(Path="of-test")
