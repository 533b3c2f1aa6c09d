"""iam:SimulatePrincipalPolicy through a real client."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

ROLE = "arn:aws:iam::000000000000:role/"
KEY = "arn:aws:ssm:us-west-2:000000000000:parameter/app/key"
OTHER = "arn:aws:ssm:us-west-2:000000000000:parameter/other"
READ, WRITE = "ssm:GetParameters", "ssm:PutParameter"


def document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


@pytest.fixture
def iam(shared: Any) -> Iterator[Any]:
    """A client, and a role without rights."""
    client = shared.client("iam")
    client.create_role(RoleName="Tried", AssumeRolePolicyDocument=shared.trust("tasks.apprunner.amazonaws.com"))
    yield client
    client.delete_role_permissions_boundary(RoleName="Tried")
    for policy in client.list_attached_role_policies(RoleName="Tried")["AttachedPolicies"]:
        client.detach_role_policy(RoleName="Tried", PolicyArn=policy["PolicyArn"])
        client.delete_policy(PolicyArn=policy["PolicyArn"])
    for name in client.list_role_policies(RoleName="Tried")["PolicyNames"]:
        client.delete_role_policy(RoleName="Tried", PolicyName=name)
    client.delete_role(RoleName="Tried")


def simulated(client: Any, *actions: str, on: tuple[str, ...] = (KEY,), **more: Any) -> list[dict[str, Any]]:
    answer = client.simulate_principal_policy(
        PolicySourceArn=f"{ROLE}Tried", ActionNames=list(actions), ResourceArns=list(on), **more
    )
    return answer["EvaluationResults"]  # type: ignore[no-any-return]


def decisions(results: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(one["EvalActionName"], one["EvalResourceName"], one["EvalDecision"]) for one in results]


def test_every_action_on_every_resource_by_inline_and_attached_policies(shared: Any, iam: Any) -> None:
    assert decisions(simulated(iam, READ)) == [(READ, KEY, "implicitDeny")]
    iam.put_role_policy(RoleName="Tried", PolicyName="in", PolicyDocument=shared.allow(READ, "*"))
    denial = document({"Effect": "Deny", "Action": "ssm:*", "Resource": OTHER})
    attached = iam.create_policy(PolicyName="tried", PolicyDocument=denial)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName="Tried", PolicyArn=attached)
    assert decisions(simulated(iam, READ, WRITE, on=(KEY, OTHER))) == [
        (READ, KEY, "allowed"),
        (READ, OTHER, "explicitDeny"),
        (WRITE, KEY, "implicitDeny"),
        (WRITE, OTHER, "explicitDeny"),
    ]
    (specific,) = simulated(iam, READ)[0]["ResourceSpecificResults"]
    assert (specific["EvalResourceName"], specific["EvalResourceDecision"]) == (KEY, "allowed")


def test_without_resources_it_is_all_of_them(shared: Any, iam: Any) -> None:
    iam.put_role_policy(RoleName="Tried", PolicyName="in", PolicyDocument=shared.allow(READ, KEY))
    answer = iam.simulate_principal_policy(PolicySourceArn=f"{ROLE}Tried", ActionNames=[READ])
    assert decisions(answer["EvaluationResults"]) == [(READ, "*", "implicitDeny")]
    assert answer["IsTruncated"] is False
    assert "ResourceSpecificResults" not in answer["EvaluationResults"][0]


def test_a_condition_never_allows_always_denies_and_is_named(iam: Any) -> None:
    condition = {"StringEquals": {"aws:SourceAccount": "000000000000", "kms:ViaService": "ssm"}}
    for effect, decision in (("Allow", "implicitDeny"), ("Deny", "explicitDeny")):
        statement = {"Effect": effect, "Action": READ, "Resource": KEY, "Condition": condition}
        iam.put_role_policy(RoleName="Tried", PolicyName="in", PolicyDocument=document(statement))
        (result,) = simulated(iam, READ)
        assert result["EvalDecision"] == decision
        (specific,) = result["ResourceSpecificResults"]
        assert specific["MissingContextValues"] == ["aws:SourceAccount", "kms:ViaService"]
        assert simulated(iam, READ, on=(OTHER,))[0]["ResourceSpecificResults"][0]["MissingContextValues"] == []
    statement["Resource"] = "*"
    iam.put_role_policy(RoleName="Tried", PolicyName="in", PolicyDocument=document(statement))
    assert simulated(iam, READ, on=("*",))[0]["MissingContextValues"] == ["aws:SourceAccount", "kms:ViaService"]


def test_a_condition_is_evaluated_with_the_context_that_was_given(iam: Any) -> None:
    condition = {"StringEquals": {"iam:PassedToService": "tasks.apprunner.amazonaws.com"}}
    statement = {"Effect": "Allow", "Action": READ, "Resource": KEY, "Condition": condition}
    iam.put_role_policy(RoleName="Tried", PolicyName="in", PolicyDocument=document(statement))
    for service, decision in {"tasks.apprunner.amazonaws.com": "allowed", "ecs.amazonaws.com": "implicitDeny"}.items():
        entry = {"ContextKeyName": "iam:PassedToService", "ContextKeyValues": [service], "ContextKeyType": "string"}
        (result,) = simulated(iam, READ, ContextEntries=[entry])
        assert result["EvalDecision"] == decision
        assert result["ResourceSpecificResults"][0]["MissingContextValues"] == []


def test_a_boundary_holds_the_policies(shared: Any, iam: Any) -> None:
    iam.put_role_policy(RoleName="Tried", PolicyName="in", PolicyDocument=shared.allow("ssm:*", "*"))
    boundary = iam.create_policy(PolicyName="boundary", PolicyDocument=shared.allow(READ, "*"))["Policy"]["Arn"]
    iam.put_role_permissions_boundary(RoleName="Tried", PermissionsBoundary=boundary)
    results = simulated(iam, READ, WRITE)
    assert decisions(results) == [(READ, KEY, "allowed"), (WRITE, KEY, "implicitDeny")]
    assert [
        one["ResourceSpecificResults"][0]["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"]
        for one in results
    ] == [True, False]
    iam.delete_role_permissions_boundary(RoleName="Tried")
    iam.delete_policy(PolicyArn=boundary)


def test_pages(shared: Any, iam: Any) -> None:
    resources = tuple(f"{KEY}{number}" for number in range(101))
    first = iam.simulate_principal_policy(
        PolicySourceArn=f"{ROLE}Tried", ActionNames=[READ], ResourceArns=list(resources)
    )
    assert (len(first["EvaluationResults"]), first["IsTruncated"]) == (100, True)
    pages = list(
        iam.get_paginator("simulate_principal_policy").paginate(
            PolicySourceArn=f"{ROLE}Tried",
            ActionNames=[READ, WRITE],
            ResourceArns=list(resources[:5]),
            PaginationConfig={"PageSize": 3},
        )
    )
    sizes = [(len(page["EvaluationResults"]), page["IsTruncated"]) for page in pages]
    assert sizes == [(3, True), (3, True), (3, True), (1, False)]
    together = [one for page in pages for one in decisions(page["EvaluationResults"])]
    assert [(action, resource) for action, resource, _ in together] == [
        (action, resource) for action in (READ, WRITE) for resource in resources[:5]
    ]
    for marker in ("nonsense", "999"):
        with pytest.raises(iam.exceptions.InvalidInputException, match="Marker"):
            simulated(iam, READ, Marker=marker)


def test_a_role_is_found_by_its_whole_arn(shared: Any, iam: Any) -> None:
    trust = shared.trust("tasks.apprunner.amazonaws.com")
    arn = iam.create_role(RoleName="Deep", Path="/a/b/", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    assert iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=[READ])["EvaluationResults"]
    for missing in (f"{ROLE}Deep", f"{ROLE}Nobody"):
        with pytest.raises(iam.exceptions.NoSuchEntityException, match="cannot be found"):
            iam.simulate_principal_policy(PolicySourceArn=missing, ActionNames=[READ])
    iam.delete_role(RoleName="Deep")


@pytest.mark.parametrize(
    ("members", "code", "told"),
    [
        ({"PolicySourceArn": "arn:aws:iam::000000000000:group/a"}, "InvalidInput", "not the ARN of a role"),
        ({"ActionNames": ["GetParameters"]}, "InvalidInput", "GetParameters"),
        ({"PolicySourceArn": "short"}, "ValidationError", "PolicySourceArn has 5 characters"),
        ({"ActionNames": []}, "ValidationError", "ActionNames is required"),
        ({"MaxItems": 0}, "ValidationError", "MaxItems"),
        ({"MaxItems": 1001}, "ValidationError", "MaxItems"),
        ({"PolicyInputList": ["{}"]}, "NotEmulated", "PolicyInputList"),
    ],
)
def test_refused(shared: Any, members: dict[str, Any], code: str, told: str) -> None:
    request = {"PolicySourceArn": f"{ROLE}Instance", "ActionNames": [READ], **members}
    with pytest.raises(ClientError, match=told) as refused:
        shared.client("iam").simulate_principal_policy(**request)
    assert refused.value.response["Error"]["Code"] == code


def test_a_user_by_its_own_policies_and_those_of_its_groups(shared: Any) -> None:
    client = shared.client("iam")
    source = client.create_user(UserName="Somebody")["User"]["Arn"]

    def may(action: str) -> str:
        answer = client.simulate_principal_policy(PolicySourceArn=source, ActionNames=[action], ResourceArns=[KEY])
        return str(answer["EvaluationResults"][0]["EvalDecision"])

    assert may(READ) == "implicitDeny"
    client.put_user_policy(UserName="Somebody", PolicyName="in", PolicyDocument=shared.allow(READ, "*"))
    client.create_group(GroupName="Writers")
    client.put_group_policy(GroupName="Writers", PolicyName="in", PolicyDocument=shared.allow(WRITE, "*"))
    assert (may(READ), may(WRITE)) == ("allowed", "implicitDeny")
    client.add_user_to_group(GroupName="Writers", UserName="Somebody")
    denial = document({"Effect": "Deny", "Action": READ, "Resource": "*"})
    attached = client.create_policy(PolicyName="denies", PolicyDocument=denial)["Policy"]["Arn"]
    client.attach_user_policy(UserName="Somebody", PolicyArn=attached)
    assert (may(READ), may(WRITE)) == ("explicitDeny", "allowed")
