"""The rights of each verb: all that its calls need, on nothing but what is the environment's own."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from policy_sentry.querying.actions import get_action_data

from deployer.account.duties import deployment, needs_of_verbs
from deployer.core.desired import Desired, DesiredImage
from deployer.core.policies.rights import CALLS, PUSHED, Need
from deployer.manifest.load import parse
from deployer.resources.desired import desired_state
from deployer.resources.registry import CALLS as OF_KINDS
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.apprunner.settings import Network, Observability, of_app_runner
from tests.samples import sample, sample_path, sample_text

# Needed by some deployments only, by destroy or bootstrap, by another look, or without a right of one's own.
ELSEWHERE = {
    "ecr:CreateRepository",
    "ecr:TagResource",
    "ecr:DeleteRepository",
    "ecr:PutImageTagMutability",
    "ecr:PutImageScanningConfiguration",
    "apprunner:DeleteService",
    "dynamodb:DeleteTable",
    "iam:DeleteRole",
    "iam:DeleteRolePolicy",
    "iam:ListRolePolicies",
    "iam:ListAttachedRolePolicies",
    "iam:PassRole",
    *(f"iam:{call}Policy" for call in ("AttachUser", "Create", "Get")),
    *(f"iam:{call}PolicyVersion" for call in ("Create", "Delete", "Get")),
    "iam:ListPolicyVersions",
    *(f"iam:{call}" for call in ("CreateUser", "GetUser", "TagUser", "ListUserPolicies", "ListAttachedUserPolicies")),
    "iam:CreateOpenIDConnectProvider",
    "iam:GetOpenIDConnectProvider",
    "iam:SimulatePrincipalPolicy",
    "sts:GetCallerIdentity",
}


def make_desired(name: str) -> Desired:
    return desired_state(sample(name), DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)


def found(name: str) -> dict[str, dict[str, tuple[str, ...]]]:
    return {
        verbs: {need.action: need.resources for need in needs}
        for verbs, needs in needs_of_verbs(make_desired(name)).items()
    }


def test_every_right_of_a_call_is_some_verbs() -> None:
    calls = {**CALLS, **OF_KINDS, **APP_RUNNER.rights.calls, **PUSHED}
    known = {right.action for rights in calls.values() for right in rights}
    inbox = "inbox: {kind: dynamodb, table: an-inbox}\nprotect:"
    loaded = parse(sample_text("local").replace("\nprotect:", f"\n{inbox}").encode(), sample_path("local"))
    desired = desired_state(loaded, DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)
    listed = {need.action for needs in needs_of_verbs(desired).values() for need in needs}
    assert known - listed == ELSEWHERE
    assert listed <= known


def test_roles_that_somebody_else_keeps_need_no_right() -> None:
    assert not any(action.startswith("iam:") for needs in found("staging").values() for action in needs)
    assert "iam:CreateRole" in found("local")["reconcile, rollback"]


def test_secrets_are_those_of_the_environment() -> None:
    secret = found("staging")["secret"]
    assert set(secret) == {
        f"ssm:{what}"
        for what in (
            *("DescribeParameters", "GetParameters", "PutParameter", "AddTagsToResource", "ListTagsForResource"),
            "DeleteParameter",
        )
    }
    start = "arn:aws:ssm:us-west-2:123456789012:parameter/app-runtime/ansari-whatsapp/staging/"
    outside = {(action, one) for action in secret for one in secret[action] if not one.startswith(start)}
    hold = "arn:aws:ssm:us-west-2:123456789012:parameter/app-deployer/ansari-whatsapp/staging/hold"
    replaced = hold.replace("/hold", "/replaced/*")
    assert outside == {
        ("ssm:DescribeParameters", "*"),
        ("ssm:GetParameters", hold),
        ("ssm:PutParameter", replaced),
        ("ssm:AddTagsToResource", replaced),
    }


@pytest.mark.parametrize("name", ["staging", "production"])
def test_a_statement_stays_short_whatever_the_number_of_parameters(name: str) -> None:
    [put] = [
        need for need in needs_of_verbs(make_desired(name))["reconcile, rollback"] if need.action == "ssm:PutParameter"
    ]
    assert len(put.resources) > 10
    assert isinstance(put, Need)
    assert put.statement.count("arn:aws:ssm:") == 3


def test_what_the_service_refers_to_is_reached_and_only_where_the_manifest_names_it() -> None:
    plain = make_desired("staging")
    connector = "arn:aws:apprunner:us-west-2:123456789012:vpcconnector/inside/1/0123456789abcdef0123456789abcdef"
    traces = (
        "arn:aws:apprunner:us-west-2:123456789012:observabilityconfiguration/xray/1/0123456789abcdef0123456789abcdef"
    )
    settings = replace(of_app_runner(plain), network=Network(connector), observability=Observability(True, traces))
    named = {need.action: need.resources for need in deployment(replace(plain, settings=settings))}
    unnamed = {need.action: need.resources for need in deployment(plain)}

    for action in ("apprunner:CreateService", "apprunner:UpdateService"):
        assert {*named[action]} - {*unnamed[action]} == {connector, traces}
        [known] = get_action_data("apprunner", action.partition(":")[2]).values()
        kinds = {form["resource_arn_format"].partition("/")[0].rpartition(":")[2] for form in known}
        assert {"vpcconnector", "observabilityconfiguration"} <= kinds
    assert {action for action in named if named[action] != unnamed[action]} == {
        "apprunner:CreateService",
        "apprunner:UpdateService",
    }
