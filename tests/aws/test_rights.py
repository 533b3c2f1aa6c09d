"""What a failed call says: the action, the resource, and the statement that would allow it; never a value."""

from __future__ import annotations

import ast
import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from deployer.aws import ssm
from deployer.aws.errors import explain, refused_call
from deployer.aws.session import Session
from deployer.core.policies.rights import CALLS as COMMON
from deployer.core.policies.rights import Need, needs
from deployer.core.secret import SecretValue
from deployer.resources.registry import CALLS as OF_KINDS
from deployer.run.inbox_table import READS, WRITES
from deployer.targets.apprunner.rights import CALLS as OF_TARGET
from deployer.targets.ecs_express.rights import CALLS as OF_ECS_EXPRESS

CALLS = {**COMMON, **OF_KINDS, **OF_TARGET, **OF_ECS_EXPRESS}
ROOT = Path(__file__).parents[2] / "deployer"
SERVICE = "arn:aws:apprunner:us-west-2:000000000000:service/ansari/abc"
ROLE = "arn:aws:iam::000000000000:role/"


def needed(call: str, **parameters: Any) -> tuple[Need, ...]:
    return needs(call, parameters, "us-west-2", "000000000000", OF_TARGET)


def used(session: Session) -> Iterator[tuple[str, str]]:
    """Every call that the sources below name, with the file: methods of the clients whose types a file imports."""
    for path in sorted(path for part in ("aws", "targets", "resources") for path in (ROOT / part).rglob("*.py")):
        services = sorted(set(re.findall(r"from types_boto3_(\w+) import", path.read_text())))
        services += ["ecs"] if "EcsClient" in path.read_text() else []  # it has no published types here
        words = {
            node.attr if isinstance(node, ast.Attribute) else str(getattr(node, "value", ""))
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute | ast.Constant)
        }
        for service in services:
            client = session.client(service, {}, {})
            known = client.meta.method_to_api_mapping
            yield from ((f"{service}:{known[word]}", path.name) for word in words & known.keys())


def test_every_call_of_the_deployer_is_known(session: Session) -> None:
    found = dict(used(session))
    assert {"ssm:PutParameter", "apprunner:CreateService", "sts:GetCallerIdentity"} <= found.keys()
    assert {call: file for call, file in found.items() if call not in CALLS} == {}
    of_the_service = {*READS, *WRITES}  # its command makes these for `just dead` and `just replay`
    assert {call for call in CALLS if call not in found} == of_the_service - found.keys()


@pytest.mark.parametrize("call", sorted(CALLS))
def test_names_are_parameters_that_the_call_has(session: Session, call: str) -> None:
    service, _, operation = call.partition(":")
    members = session.client(service, {}, {}).meta.service_model.operation_model(operation).input_shape.members
    for right in CALLS[call]:
        for key in [*right.on, *filter(None, [right.only_with])]:
            inside = members
            for part in key.split("."):
                assert part in inside, key
                inside = getattr(inside[part], "members", {})


def test_many_parameters_of_a_folder_are_said_as_the_folder() -> None:
    names = ["/a/b/one", "/a/b/two"]
    start = "ssm:GetParameters on arn:aws:ssm:us-west-2:000000000000:parameter"
    assert str(needed("ssm:GetParameters", Names=names[:1])[0]) == f"{start}/a/b/one"
    assert str(needed("ssm:GetParameters", Names=names)[0]) == f"{start}/a/b/*"
    [both] = needed("ssm:GetParameters", Names=[*names, "/a/c/one"])
    assert [one.rpartition("parameter")[2] for one in json.loads(both.statement)["Resource"]] == ["/a/b/*", "/a/c/one"]
    assert needed("ssm:GetParameter", Name="/a/b/one:7")[0].resources[0].endswith("/a/b/one")


def test_a_service_takes_three_rights_and_the_roles_it_passes() -> None:
    request = {
        "ServiceName": "ansari",
        "Tags": [],
        "SourceConfiguration": {"AuthenticationConfiguration": {"AccessRoleArn": ROLE + "access"}},
        "InstanceConfiguration": {"InstanceRoleArn": ROLE + "instance"},
    }
    service = "arn:aws:apprunner:us-west-2:000000000000:service/ansari/*"
    assert [need.statement for need in needed("apprunner:CreateService", **request)] == [
        f'{{"Effect":"Allow","Action":"apprunner:CreateService","Resource":"{service}"}}',
        f'{{"Effect":"Allow","Action":"apprunner:TagResource","Resource":"{service}"}}',
        f'{{"Effect":"Allow","Action":"iam:PassRole","Resource":["{ROLE}access","{ROLE}instance"]}}',
    ]


def test_what_is_not_a_name_is_never_taken() -> None:
    assert needed("ssm:PutParameter", Name={"s3ntinel": 1}, Value="s3ntinel")[0].resources == ("*",)
    assert needed("some:Thing", Name="s3ntinel") == (Need("some:Thing", ("*",)),)


def refused(message: str, code: str = "AccessDeniedException", operation: str = "UpdateService") -> ClientError:
    """As the session leaves an error of this call."""
    update = needed("apprunner:UpdateService", ServiceArn=SERVICE)
    answer: Any = {"Error": {"Code": code, "Message": message}, "Needs": update}
    return ClientError(answer, operation)


def test_the_action_and_resource_of_aws_own_words_come_first() -> None:
    words = (
        f"User: arn:aws:iam::000000000000:user/a is not authorized to perform: iam:PassRole on resource: {ROLE}access"
        " because no identity-based policy allows the iam:PassRole action"
    )
    said = explain(refused(words))
    assert said.what == f"AWS refused iam:PassRole on {ROLE}access: AccessDeniedException"
    assert said.fix.splitlines()[-1].strip() == (
        f'{{"Effect":"Allow","Action":"iam:PassRole","Resource":"{ROLE}access"}}'
    )


def test_where_aws_is_silent_all_that_the_call_needs_is_listed() -> None:
    said = explain(refused("no"))
    assert said.what == f"AWS refused apprunner:UpdateService on {SERVICE}: AccessDeniedException"
    statements = [json.loads(line) for line in said.fix.splitlines()[1:]]
    assert [one["Action"] for one in statements] == ["apprunner:UpdateService", "iam:PassRole"]


def test_no_statement_helps_against_a_deny() -> None:
    said = explain(refused("... with an explicit deny in a service control policy"))
    assert "Effect" not in said.fix
    assert "Deny" in said.fix


@pytest.mark.parametrize("code", ["ThrottlingException", "ExpiredToken", "SomethingNew"])
def test_other_errors_name_action_and_resource_too(code: str) -> None:
    assert explain(refused("no", code)).what == f"AWS refused apprunner:UpdateService on {SERVICE}: {code}"


class TestThroughAClient:
    def test_an_error_knows_its_call_and_no_value(self, session: Session, fresh: str) -> None:
        path = f"/{fresh}/x/key"
        ssm.put(session.ssm, path, SecretValue("s3ntinel"), "", create=True)
        with pytest.raises(ClientError) as caught:
            ssm.put(session.ssm, path, SecretValue("s3ntinel-2"), "", create=True)
        assert refused_call(caught.value) == f"ssm:PutParameter on arn:aws:ssm:us-west-2:000000000000:parameter{path}"
        assert "s3ntinel" not in f"{caught.value.response} {explain(caught.value)}"

    def test_threads_do_not_mix_their_calls_up(self, session: Session, fresh: str) -> None:
        client, start = session.ssm, threading.Barrier(8)

        def ask(number: int) -> str:
            start.wait()
            try:
                client.get_parameter(Name=f"/{fresh}/{number}")
            except ClientError as error:
                return refused_call(error)
            return ""

        with ThreadPoolExecutor(8) as pool:
            said = list(pool.map(ask, range(8)))
        assert [one.rpartition("/")[2] for one in said] == [str(number) for number in range(8)]

    def test_no_answer_at_all_names_the_call(self, session: Session) -> None:
        silent = replace(session, endpoint="http://127.0.0.1:9")
        client = silent.ssm
        with pytest.raises(EndpointConnectionError) as caught:
            client.get_parameter(Name="/a/b")
        assert "for ssm:GetParameter on arn:aws:ssm:us-west-2:000000000000:parameter/a/b" in explain(caught.value).what
