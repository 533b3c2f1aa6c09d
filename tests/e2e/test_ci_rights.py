"""With the rights that bootstrap gives to CI every verb of a deployment works, and nothing of another environment."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.e2e import accounts, aws, tiny
from tests.e2e.accounts import ACCOUNT
from tests.e2e.checkout import Checkout, approved, resumed
from tests.e2e.rights import KEY, as_ci, limited
from tests.e2e.test_dead_letters_in_table import give_up, inbox

pytestmark = pytest.mark.timeout(240)
SERVICE = "ansari_whatsapp/__main__.py"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """Both environments, prepared and with their secrets; staging runs."""
    tiny.commit(checkout)
    accounts.write_two(checkout)
    for name in ("staging", "production"):
        run(checkout, "bootstrap", name)
    return checkout


def run(checkout: Checkout, *words: str, code: int = 0, stdin: str = "") -> str:
    done = checkout.deployer(*words, stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout + done.stderr


def test_every_verb_of_a_deployment_is_allowed(world: Checkout) -> None:
    with as_ci(world, "staging", "staging-deployer") as refused:
        run(world, "reconcile", "staging")
        accounts.edit(world, "staging", DEBUG, LEVEL)
        run(world, "secret", "set", "staging", "meta-app-secret", stdin="a-secret-that-will-do")
        run(world, "reconcile", "staging")
        accounts.edit(world, "staging", RUNS, PAUSED)
        assert "staging is paused" in run(world, "reconcile", "staging")
        accounts.edit(world, "staging", PAUSED, RUNS)
        assert "staging runs again" in run(world, "reconcile", "staging")
        for verb in ("pause", "resume", "restart"):
            run(world, verb, "staging")
        run(world, *approved(world, "staging"))
        run(world, *resumed(world, "staging"))
        for verb in ("plan", "status", "logs"):
            run(world, verb, "staging")
        assert refused == set()
    with as_ci(world, "production", "production-deployer") as refused:
        run(world, "promote", "staging", "production")
        run(world, "verify", "production", "--decrypt")
        assert refused == set()


RUNS, PAUSED = (f"on_unhealthy: rollback\n{more}" for more in ("", "  paused: true\n"))
DEBUG, LEVEL, OTHER = (f"logging-level: {{kind: literal, value: {level}}}" for level in ("DEBUG", "INFO", "ERROR"))


@pytest.mark.parametrize("name", ["staging", "production"])
def test_a_role_that_plans_can_look(world: Checkout, name: str) -> None:
    """At what the first test has deployed. Only whether the service takes its secrets is not known to it."""
    with as_ci(world, name, f"{name}-deployer-plan") as refused:
        for verb in ("plan", "drift", "status"):
            run(world, verb, name)
        run(world, "ci", "tag", name)
        run(world, "ci", "tag", name, "--running")
        run(world, "plan", name, "--rollback", "--to", "1")
        assert refused <= {f"kms:Decrypt on {KEY}"}
        accounts.edit(world, name, LEVEL if name == "staging" else DEBUG, OTHER)
        said = run(world, "plan", name)
        assert "One deployment follows" in said
        assert refused == {f"kms:Decrypt on {KEY}"}
        accounts.edit(world, name, OTHER, LEVEL if name == "staging" else DEBUG)


def test_the_printed_policy_of_an_operator_is_enough_to_answer_what_was_given_up(world: Checkout) -> None:
    printed = json.loads(world.deployer("bootstrap", "staging", "--print", "--json").stdout)["commands"]
    [document] = [one["document"] for one in printed if one["about"].startswith("ansari-whatsapp-staging-operator: ")]
    preview = run(world, "bootstrap", "staging", "--preview")
    assert "note: policy ansari-whatsapp-staging-operator lets people use just inbox, dead and replay" in preview
    asyncio.run(give_up(inbox(world, "staging-inbox"), "wamid.given-up"))
    world.git("checkout", "--quiet", "HEAD~2", "--", SERVICE)  # whose command reads the table
    try:
        with limited(world, document) as refused:
            assert "no message waits" in run(world, "inbox", "staging")
            [letter] = json.loads(world.deployer("dead", "staging", "--json").stdout)["letters"]
            assert "1 message is queued again" in run(world, "replay", "staging", letter["id"])
            assert refused == set()
        with as_ci(world, "staging", "staging-deployer") as refused:
            assert "just bootstrap staging --print" in run(world, "dead", "staging", code=1)
            assert [one.partition(" ")[0] for one in refused] == ["dynamodb:Query"]
    finally:
        world.git("checkout", "--quiet", "HEAD", "--", SERVICE)


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("ssm:PutParameter", ("reconcile", "staging")),
        ("ssm:PutParameter", ("hold", "staging", "--reason", "an incident")),
        ("ssm:PutParameter", ("secret", "set", "staging", "meta-app-secret")),
        ("dynamodb:Query", ("destroy", "staging", "--approve", "ansari-staging-whatsapp")),
        ("ecr:GetAuthorizationToken", ("image", "push", "staging")),
        ("kms:Decrypt", ("export", "staging", "--secrets", "--out", "staging.env")),
    ],
)
def test_a_role_that_plans_changes_nothing_and_sees_no_secret(
    world: Checkout, action: str, words: tuple[str, ...]
) -> None:
    with as_ci(world, "staging", "staging-deployer-plan") as refused:
        said = run(world, *words, code=1, stdin="a-secret-that-will-do")
        assert f"not authorized to perform: {action}" in said
        assert "a-secret-that-will-do" not in said
        assert any(one.startswith(action) for one in refused)


def test_with_the_rights_of_staging_production_is_out_of_reach(world: Checkout) -> None:
    with as_ci(world, "staging", "staging-deployer") as refused:
        for words in (("plan",), ("reconcile",), ("secret", "set")):
            more = ("meta-app-secret",) if words[0] == "secret" else ()
            said = run(world, *words, "production", *more, code=1, stdin="a-secret-that-will-do")
            assert "not authorized to perform" in said
        assert any("/app-runtime/ansari-whatsapp/production/" in one for one in refused)
        assert any("/app-deployer/ansari-whatsapp/production/" in one for one in refused)
        assert not any("staging" in one for one in refused)
        run(world, "destroy", "staging", "--approve", "ansari-staging-whatsapp", code=1)
        assert any("apprunner:DeleteService" in one or "dynamodb:Query" in one for one in refused)


def test_the_containers_of_staging_cannot_read_what_is_productions(world: Checkout) -> None:
    """As IAM simulates it, and as App Runner finds out when it deploys."""
    path = "arn:aws:ssm:us-west-2:000000000000:parameter/app-runtime/ansari-whatsapp/{}/meta-app-secret"
    iam, runner = aws.iam(world), aws.apprunner(world)
    simulated = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:role/staging-instance",
        ActionNames=["ssm:GetParameters"],
        ResourceArns=[path.format("staging"), path.format("production")],
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in simulated] == ["allowed", "implicitDeny"]
    services = {one["ServiceName"]: one["ServiceArn"] for one in runner.list_services()["ServiceSummaryList"]}
    arn = services["ansari-staging-whatsapp"]
    source: Any = runner.describe_service(ServiceArn=arn)["Service"]["SourceConfiguration"]
    source["ImageRepository"]["ImageConfiguration"]["RuntimeEnvironmentSecrets"]["META_APP_SECRET"] = path.format(
        "production"
    )
    operation = runner.update_service(ServiceArn=arn, SourceConfiguration=source)["OperationId"]
    run(world, "status", "staging", "--follow")
    ended = {one["Id"]: one["Status"] for one in runner.list_operations(ServiceArn=arn)["OperationSummaryList"]}
    assert ended[operation] == "ROLLBACK_SUCCEEDED"
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_role_policy(RoleName="staging-instance", PolicyName="ansari-whatsapp-production")
