"""The policies as they are written: their words are AWS's, their reach is one environment, their trust is exact."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from policy_sentry.querying.actions import get_action_data

from deployer.account.deploying import deploying_policy
from deployer.account.duties import LINKING, PASSING, deployment, needs_of_verbs
from deployer.account.imaging import imaging_policy
from deployer.account.operating import operating_policy
from deployer.account.planning import planning_policy
from deployer.core.desired import Desired, DesiredImage
from deployer.core.policies.documents import github_trust, subjects
from deployer.core.policies.trust import Stranger, admits, strangers
from deployer.local.iam import decide
from deployer.manifest.load import parse
from deployer.resources.desired import desired_state
from deployer.targets.apprunner.description import APP_RUNNER
from tests.samples import sample, sample_path, sample_text

GOLDEN = Path(__file__).parent / "golden"
ACCOUNT = "123456789012"


def make_desired(name: str) -> Desired:
    return desired_state(sample(name), DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)


def with_table(name: str) -> Desired:
    text = sample_text(name).replace("\nprotect:", "\ninbox: {kind: dynamodb, table: an-inbox}\nprotect:")
    loaded = parse(text.encode(), sample_path(name))
    return desired_state(loaded, DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)


def policies(name: str) -> dict[str, Any]:
    found = make_desired(name)
    source = "ansari-staging-whatsapp" if name == "production" else None
    return {
        **{role.use: role.policy for role in APP_RUNNER.roles(found)},
        "deploy": deploying_policy(found, source),
        "plan": planning_policy(found, source),
        "image": imaging_policy(found),
        "trust": github_trust(found.account, subjects("some-team/some-app", name, (11, 22))),
    }


@pytest.mark.parametrize("name", ["staging", "production"])
def test_they_are_as_they_were_agreed_to(name: str) -> None:
    assert policies(name) == json.loads((GOLDEN / f"{name}.json").read_text())


@pytest.mark.parametrize("name", ["local", "staging", "production"])
@pytest.mark.parametrize("kind", ["access", "instance", "deploy", "plan", "image"])
def test_every_word_is_one_that_aws_knows(name: str, kind: str) -> None:
    """By the Service Authorization Reference: the action exists, and takes such a resource and such a condition."""
    all_known(policies(name)[kind])


def all_known(document: Any) -> None:
    for statement in document["Statement"]:
        resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
        for action in statement["Action"]:
            service, _, verb = action.partition(":")
            known = get_action_data(service, verb)
            assert known, action
            forms = {row["resource_arn_format"] for row in known[service]}
            for resource in resources if statement["Effect"] == "Allow" else []:  # what is denied may be everywhere
                assert any(fits(form, resource) for form in forms), f"{action} on {resource}: {forms}"
            keys = {key for row in known[service] for key in row["condition_keys"]}
            assert {key for block in statement.get("Condition", {}).values() for key in block} <= keys


def fits(form: str, resource: str) -> bool:
    if form == "*" or resource == "*":
        return form == resource
    resource = resource.removesuffix(":*") if ":log-group:" in resource else resource
    return re.fullmatch(re.sub(r"\\\$\\\{\w+\\\}", "[^:]+", re.escape(form)), resource) is not None


@pytest.mark.parametrize("name", ["local", "staging", "production"])
def test_all_that_the_doctor_looks_at_is_allowed(name: str) -> None:
    """But for what only an administrator may: to write roles, and to delete a secret, with the look at its tags."""
    found = make_desired(name)
    allowed: list[Any] = [deploying_policy(found)]
    refused = {
        (need.action, resource)
        for needs in needs_of_verbs(found).values()
        for need in needs
        for resource in need.resources
        if not decide(allowed, need.action, resource).allows
    }
    assert {action for action, _ in refused} <= {
        "iam:CreateRole",
        "iam:TagRole",
        "iam:PutRolePolicy",
        "iam:UpdateAssumeRolePolicy",
        "ssm:DeleteParameter",
        "ssm:ListTagsForResource",
    }
    assert not any("/app-deployer/" in resource for _, resource in refused)


@pytest.mark.parametrize("name", ["staging", "production"])
def test_it_reaches_nothing_of_another_environment(name: str) -> None:
    other = {"staging": "production", "production": "staging"}[name]
    document: Any = deploying_policy(make_desired(name))
    own = re.compile(rf"/ansari-whatsapp/{other}/|[:/]ansari-{other}-whatsapp/")  # parameters and ledger; service, logs
    foreign = {
        (need.action, resource)
        for need in deployment(make_desired(other))
        for resource in need.resources
        if own.search(resource)
    }
    assert {action.partition(":")[0] for action, _ in foreign} == {"apprunner", "logs", "ssm"}
    allowed = {action for action, resource in foreign if decide([document], action, resource).allows}
    assert allowed == ({"ssm:GetParameterHistory"} if name == "production" else set())  # was it healthy in staging?


def test_nothing_that_ci_has_no_business_with() -> None:
    actions = {a for s in policies("production")["deploy"]["Statement"] for a in s["Action"]}
    assert not {a for a in actions if "*" in a}
    assert {a for a in actions if ":Delete" in a} == {"ssm:DeleteParameter", "apprunner:DeleteAutoScalingConfiguration"}
    assert {a for a in actions if a.startswith("iam:")} == {
        "iam:CreateServiceLinkedRole",
        "iam:GetRole",
        "iam:GetRolePolicy",
        "iam:PassRole",
        "iam:SimulatePrincipalPolicy",
    }


@pytest.mark.parametrize("name", ["staging", "production"])
def test_who_answers_what_was_given_up_reaches_one_table_and_ci_none_of_its_items(name: str) -> None:
    assert operating_policy(make_desired(name)) is None, "without a table the service's routes are used"
    found = with_table(name)
    items = {f"dynamodb:{call}" for call in ("Query", "GetItem", "PutItem", "UpdateItem", "DeleteItem")}
    ci: list[Any] = [deploying_policy(found), planning_policy(found), imaging_policy(found)]
    assert not items & {action for made in ci for statement in made["Statement"] for action in statement["Action"]}
    document: Any = operating_policy(found)
    all_known(document)
    table = f"arn:aws:dynamodb:us-west-2:{ACCOUNT}:table/an-inbox"
    of_items = [statement for statement in document["Statement"] if items & {*statement["Action"]}]
    assert [(statement["Action"], statement["Resource"]) for statement in of_items] == [
        (["dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:UpdateItem"], table),
        (["dynamodb:Query"], f"{table}/index/*"),
    ]
    others = {action for statement in document["Statement"] for action in statement["Action"]} - items
    assert all(action.partition(":")[2].startswith(("Describe", "Get", "List")) for action in others), others
    for needs in (needs_of_verbs(found)[verbs] for verbs in ("inbox, dead", "replay")):
        assert all(decide([document], need.action, resource).allows for need in needs for resource in need.resources)


@pytest.mark.parametrize("name", ["local", "staging", "production"])
def test_who_plans_looks_and_changes_nothing(name: str) -> None:
    made = policies(name)
    allowed = {a for s in made["plan"]["Statement"] if s["Effect"] == "Allow" for a in s["Action"]}
    verbs = {action.partition(":")[2] for action in allowed}
    assert all(verb.startswith(("Describe", "Get", "List", "BatchGet", "Simulate")) for verb in verbs), verbs
    assert "GetAuthorizationToken" not in verbs  # a login to ECR
    assert allowed <= {action for statement in made["deploy"]["Statement"] for action in statement["Action"]}
    for need in needs_of_verbs(make_desired(name))["plan, status, drift"]:
        assert all(decide([made["plan"]], need.action, resource).allows for resource in need.resources), need


def test_who_plans_decrypts_nothing_whatever_a_key_allows() -> None:
    key = "arn:aws:kms:us-west-2:123456789012:key/some-key"
    everybody = {"Statement": [{"Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*"}]}
    assert decide([everybody], "kms:Decrypt", key).allows
    assert not decide([everybody, policies("staging")["plan"]], "kms:Decrypt", key).allows


def test_roles_are_passed_to_app_runner_by_all_its_names() -> None:
    [passing] = [s for s in policies("staging")["deploy"]["Statement"] if PASSING in s["Action"]]
    assert passing["Action"] == [PASSING]
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": list(APP_RUNNER.rights.passed_to)}}
    assert {name.partition(".")[0] for name in APP_RUNNER.rights.passed_to} == {"bullet", "apprunner", "build", "tasks"}


def test_the_role_that_app_runner_makes_for_itself_may_be_made_and_no_other() -> None:
    [linking] = [s for s in policies("staging")["deploy"]["Statement"] if LINKING in s["Action"]]
    assert linking["Action"] == [LINKING]
    assert linking["Resource"].endswith(":role/aws-service-role/apprunner.amazonaws.com/AWSServiceRoleForAppRunner")


@given(count=st.integers(0, 300))
def test_its_size_does_not_grow_with_the_variables(count: int) -> None:
    """6,144 characters for a user's, 10,240 inside a role (IAM user guide, quotas)."""
    found = make_desired("staging")
    [one, *_] = found.parameters
    names = (f"{found.parameter_path}/name-{number}" for number in range(count))
    many = replace(found, parameters=(*found.parameters, *(replace(one, path=path) for path in names)))
    assert deploying_policy(many) == deploying_policy(found)
    assert planning_policy(many) == planning_policy(found)
    assert len(json.dumps(deploying_policy(found), separators=(",", ":"))) < 6144


def test_a_job_that_pushes_reaches_one_repository_and_nothing_else() -> None:
    for statement in policies("staging")["image"]["Statement"]:
        assert all(action.startswith("ecr:") and "Delete" not in action for action in statement["Action"])
        assert statement["Resource"] == (
            "*"
            if statement["Action"] == ["ecr:GetAuthorizationToken"]
            else f"arn:aws:ecr:us-west-2:{make_desired('staging').account}:repository/ansari-whatsapp"
        )


NAMES = st.from_regex(r"[A-Za-z0-9._-]{1,12}", fullmatch=True)


@given(owner=NAMES, name=NAMES, environment=NAMES, other=NAMES, ids=st.none() | st.just((11, 22)))
def test_a_trust_admits_its_own_jobs_and_nobody_elses(
    owner: str, name: str, environment: str, other: str, ids: tuple[int, int] | None
) -> None:
    desired = subjects(f"{owner}/{name}", environment, ids)
    document = github_trust(ACCOUNT, desired)
    assert all(admits(document, ACCOUNT, subject) for subject in desired)
    assert strangers(document, ACCOUNT, desired) == ()
    assert strangers(document, ACCOUNT, desired[1:]) == tuple(Stranger("named", one) for one in desired[:1])
    for subject in (
        f"repo:{owner}/{name}:ref:refs/heads/main",
        f"repo:{owner}/{name}:environment:{environment}{other}",
        f"repo:{other}{owner}/{name}:environment:{environment}",
        f"repo:{owner}/{name}:pull_request",
    ):
        assert not admits(document, ACCOUNT, subject)
    assert not admits(document, "999999999999", desired[0])


def names_of(found: tuple[Stranger, ...]) -> list[str]:
    return [one.name or one.kind for one in found]


@pytest.mark.parametrize(
    ("condition", "admitted", "others"),
    [
        ({}, True, ["every-job"]),
        ({"StringLike": {"token.actions.githubusercontent.com:sub": "repo:a/*"}}, True, ["repo:a/*"]),
        ({"StringEquals": {"token.actions.githubusercontent.com:sub": "repo:a/*"}}, False, ["repo:a/*"]),
        ({"StringEquals": {"token.actions.githubusercontent.com:aud": "another"}}, False, None),
        (
            {"StringNotEquals": {"token.actions.githubusercontent.com:sub": "x"}},
            False,
            ["every-job"],
        ),
        (
            {"StringEquals": {"token.actions.githubusercontent.com:sub": ["x", "repo:a/b:environment:staging-plan"]}},
            False,
            ["repo:a/b:environment:staging-plan"],
        ),
        ({"StringEquals": {"token.actions.githubusercontent.com:actor": "x"}}, False, None),
    ],
)
def test_another_trust_is_read_as_aws_reads_it(
    condition: dict[str, Any], admitted: bool, others: list[str] | None
) -> None:
    document: Any = github_trust(ACCOUNT, ["x"])
    document["Statement"][0]["Condition"] = condition
    assert admits(document, ACCOUNT, "repo:a/b:environment:staging") is admitted
    assert others is None or names_of(strangers(document, ACCOUNT, ["x"])) == others


@pytest.mark.parametrize(
    ("statement", "others"),
    [
        ({"Principal": "*", "Action": "sts:AssumeRole"}, ["everybody"]),
        ({"Principal": {"AWS": "*"}, "Action": "sts:*"}, ["everybody"]),
        (
            {"Principal": {"AWS": "arn:aws:iam::999999999999:root"}, "Action": "sts:AssumeRole"},
            ["arn:aws:iam::999999999999:root"],
        ),
        ({"NotPrincipal": {"AWS": "x"}, "Action": "*"}, ["everybody"]),
        (
            {"Principal": {"Federated": "accounts.google.com"}, "Action": "sts:AssumeRoleWithWebIdentity"},
            ["accounts.google.com"],
        ),
        ({"Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:role/admin"}, "Action": "sts:AssumeRole"}, []),
        ({"Principal": {"AWS": "*"}, "Action": "sts:TagSession"}, []),
    ],
)
def test_whoever_else_a_trust_lets_in_is_named(statement: dict[str, Any], others: list[str]) -> None:
    document: Any = github_trust(ACCOUNT, ["x"])
    document["Statement"].append({"Effect": "Allow", **statement})
    assert names_of(strangers(document, ACCOUNT, ["x"])) == others


@pytest.mark.parametrize("document", [None, [], {}, {"Statement": []}, {"Statement": [None, "x", {"Effect": "Allow"}]}])
def test_what_is_no_trust_admits_nobody(document: object) -> None:
    assert not admits(document, ACCOUNT, "x")
    assert strangers(document, ACCOUNT, []) == ()
