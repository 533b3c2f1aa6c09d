"""What a manifest wants of GitHub."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from deployer.errors import UsageError
from deployer.manifest.load import parse
from deployer.manifest.model import Manifest
from deployer.resources.github_environment.blocker import Blocker, LongValue, NameInUse, NameReserved
from deployer.resources.github_environment.desired import DesiredGitHub, deploying, environments, imaging, planning
from tests.samples import sample_manifest, sample_text

STAGING = sample_text("staging")
SECRET = "  meta-app-secret: {kind: secret"


def manifest(text: str) -> Manifest:
    return parse(text.encode(), Path("env/staging.yaml")).manifest


def of(text: str) -> DesiredGitHub:
    return deploying(manifest(text), lambda name: f"line of {name}")


def more(line: str) -> DesiredGitHub:
    assert STAGING.count(SECRET) == 1
    return of(STAGING.replace(SECRET, f"  {line}\n{SECRET}"))


def test_literals_are_variables_and_secrets_are_secrets() -> None:
    found = of(STAGING)
    assert (found.repository, found.environment) == ("ansari-project/ansari-whatsapp", "staging")
    assert found.branches == ("develop", "main")
    assert found.variables["META_GRAPH_URL"] == "https://graph.facebook.com"
    assert found.variables["ALWAYS_RETURN_OK_TO_META"] == "true"
    assert found.secrets["META_APP_SECRET"] == "/app-runtime/ansari-whatsapp/staging/meta-app-secret"
    assert found.variables.keys().isdisjoint(found.secrets)
    assert (found.problems, found.by_hand, found.ids) == ((), (), None)


def test_the_deployment_has_its_own() -> None:
    role = "arn:aws:iam::123456789012:role/"
    assert {
        name: value for name, value in of(STAGING).variables.items() if name.startswith(("SSM", "AWS", "APP", "SER"))
    } == {
        "SSM_ROOT": "arn:aws:ssm:us-west-2:123456789012:parameter/app-runtime/ansari-whatsapp/staging/",
        "AWS_REGION": "us-west-2",
        "AWS_ROLE_ARN": f"{role}ansari-whatsapp-staging-github-actions",
        "SERVICE_NAME": "ansari-staging-whatsapp",
        "APPRUNNER_ACCESS_ROLE_ARN": f"{role}CustomAppRunnerServiceRole",
        "APPRUNNER_INSTANCE_ROLE_ARN": f"{role}CustomAppRunnerInstanceRole",
    }


def test_with_keys_there_is_no_role_and_people_bring_them() -> None:
    role = "{kind: oidc, role: ansari-whatsapp-staging-github-actions, managed: true}"
    assert role in STAGING
    found = of(STAGING.replace(role, "{kind: keys, user: app-runner-github-actions-user}"))
    assert "AWS_ROLE_ARN" not in found.variables
    assert found.by_hand == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    found = planning(manifest(STAGING.replace(role, "{kind: keys, user: app-runner-github-actions-user}")))
    assert (found.environment, found.variables) == ("staging-plan", {})
    assert found.by_hand == ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def test_jobs_that_only_look_have_a_role_and_no_secret() -> None:
    found = planning(manifest(STAGING))
    role = "arn:aws:iam::123456789012:role/ansari-whatsapp-staging-github-actions-plan"
    assert found == DesiredGitHub("ansari-project/ansari-whatsapp", "staging-plan", (), {"AWS_ROLE_ARN": role}, {})


def test_an_image_that_nobody_has_agreed_to_is_pushed_from_an_environment_of_its_own() -> None:
    """Only where no other environment has built it, and only from the branches that are deployed."""
    assert imaging(manifest(STAGING)) is None
    asked = STAGING.replace("confirm: false", "confirm: true")
    found = imaging(manifest(asked))
    role = "arn:aws:iam::123456789012:role/ansari-whatsapp-staging-github-actions-image"
    assert found == DesiredGitHub(
        "ansari-project/ansari-whatsapp", "staging-image", ("develop", "main"), {"AWS_ROLE_ARN": role}, {}
    )
    assert environments(manifest(asked), lambda _: "")[2] == found
    assert len(environments(manifest(STAGING), lambda _: "")) == 2
    production = sample_manifest("production")
    assert (production.protect.confirm, production.protect.healthy_in) == (True, "staging")
    assert imaging(production) is None


def test_an_empty_literal_is_left_out() -> None:
    assert (
        "ORIGINS"
        not in of(
            STAGING.replace('"https://staging.ansari.chat"', '""').replace(
                "  origins: {kind: literal,", "  origins: {kind: literal, store: service,"
            )
        ).variables
    )


@pytest.mark.parametrize(
    ("line", "blocker"),
    [
        ("aws-region: {kind: literal, value: us-east-1}", NameInUse(name="AWS_REGION")),
        ("deployer-record: {kind: secret}", NameInUse(name="DEPLOYER_RECORD")),
        ("aws-access-key-id: {kind: secret}", NameInUse(name="AWS_ACCESS_KEY_ID")),
        ("github-level: {kind: literal, value: x}", NameReserved(name="GITHUB_LEVEL", prefix="GITHUB_")),
        (
            f"large: {{kind: literal, store: service, value: {'x' * 49153}}}",
            LongValue(name="LARGE", size=49153, limit=49152),
        ),
    ],
)
def test_what_github_cannot_take_is_a_problem_on_its_line(line: str, blocker: Blocker) -> None:
    [problem] = more(line).problems
    assert problem == replace(blocker, line=f"line of {line.partition(':')[0]}")


def test_without_the_section_there_is_nothing_to_set() -> None:
    start, end = STAGING.index("github:\n"), STAGING.index("# Edit a literal here.")
    with pytest.raises(UsageError, match="names no repository"):
        of(STAGING[:start] + STAGING[end:])
