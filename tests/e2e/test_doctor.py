"""`doctor`: every look is told, a failing one stops no other, and nothing secret is said."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import jsonschema
import pytest

from deployer.account.duties import needs_of_verbs
from deployer.core.desired import DesiredImage
from deployer.core.policies.rights import needs
from deployer.manifest.load import load_manifest
from deployer.resources.desired import desired_state
from deployer.targets.apprunner.description import APP_RUNNER
from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout
from tests.e2e.stand_in import StandIn, stand_in
from tests.ready import deployer

pytestmark = pytest.mark.timeout(240)
Findings = dict[str, dict[str, str]]
ROLE = "TheDeployer"


@pytest.fixture(scope="module", autouse=True)
def tiny_service(cold_checkout: Checkout) -> None:
    tiny.commit(cold_checkout)


def doctor(checkout: Checkout, environment: str = "local", *, code: int = 0, **variables: str) -> Findings:
    """What it finds as JSON that its schema allows, by what it is about; real AWS is out of reach."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_ACCESS", "AWS_SECRET"))}
    kept |= {"AWS_EC2_METADATA_DISABLED": "true", **variables}
    done = deployer(checkout.root, "doctor", environment, "--json", environment=kept)
    assert done.returncode == code, done.stdout + done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    schema = json.loads(checkout.deployer("schema", "doctor").stdout)
    jsonschema.Draft202012Validator(schema).validate(found)
    assert found["environment"] == environment
    return {finding["about"]: finding for finding in found["findings"]}


def states(found: Findings, *about: str) -> list[str]:
    return [found[name]["state"] for name in about]


@contextmanager
def edited(checkout: Checkout, old: str, new: str) -> Iterator[None]:
    checkout.edit(old, new)
    try:
        yield
    finally:
        checkout.edit(new, old)


@contextmanager
def seen_through(checkout: Checkout, who: str = "", ahead: timedelta = timedelta()) -> Iterator[StandIn]:
    """The manifest names a stand-in for the AWS of its world."""
    port = f"127.0.0.1:{checkout.ports['4566']}"
    with (
        stand_in(checkout.ports["4566"], who=who, ahead=ahead) as other,
        edited(checkout, port, f"127.0.0.1:{other.port}"),
    ):
        checkout.share_keys(other.port)
        yield other


@contextmanager
def refuse(checkout: Checkout, call: str, code: str = "AccessDeniedException") -> Iterator[None]:
    where = f"{checkout.endpoint}/_local/faults"
    loopback.put(where, json={"refuse": {"call": call, "code": code}}, headers=checkout.keys.bearer).raise_for_status()
    yield
    loopback.delete(where, headers=checkout.keys.bearer).raise_for_status()


class TestWithoutAWorld:
    """These come first: `checkout` starts it for the others."""

    def test_that_it_does_not_run_is_no_problem(self, cold_checkout: Checkout) -> None:
        found = doctor(cold_checkout)
        assert states(found, "git", "packages", "manifest", "local world", "aws") == [
            "ok",
            "ok",
            "ok",
            "note",
            "unseen",
        ]
        assert "just up local" in found["local world"]["fix"]

    def test_a_port_that_is_taken_is_one(self, cold_checkout: Checkout) -> None:
        with socket.create_server(("127.0.0.1", cold_checkout.ports["8002"])):
            found = doctor(cold_checkout, code=3)
        assert found["local world"]["state"] == "problem"
        assert f"port {cold_checkout.ports['8002']}" in found["local world"]["says"]

    def test_without_credentials_nobody_is_asked(self, cold_checkout: Checkout) -> None:
        found = doctor(cold_checkout, "staging", code=3)
        assert states(found, "region", "credentials", "account") == ["ok", "problem", "unseen"]

    def test_another_endpoint_is_refused_and_credentials_are_not_shown(self, cold_checkout: Checkout) -> None:
        sentinels = {"AWS_ACCESS_KEY_ID": "s3ntinelid", "AWS_SECRET_ACCESS_KEY": "s3ntinelkey"}
        leads = {"AWS_ENDPOINT_URL_STS": "http://user:s3ntinel@127.0.0.1:9"}
        found = doctor(cold_checkout, "staging", code=3, **sentinels, **leads)
        assert states(found, "endpoint", "credentials", "account") == ["problem", "ok", "problem"]
        assert "AWS_ENDPOINT_URL_STS" in found["endpoint"]["fix"]
        assert found["credentials"]["says"] == "env"
        assert "s3ntinel" not in json.dumps(found)

    def test_a_missing_tool_stops_nothing(self, cold_checkout: Checkout) -> None:
        found = doctor(cold_checkout, code=3, PATH="/nowhere")
        assert states(found, "git", "images", "aws cli", "just", "manifest") == ["problem", "note", "note", "ok", "ok"]

    def test_packages_other_than_locked_are_told(self, cold_checkout: Checkout) -> None:
        lock = cold_checkout.root / "requirements.lock"
        text = lock.read_text()
        lock.write_text(text.replace("\nbotocore==", "\nbotocore==0."))
        found = doctor(cold_checkout, code=3)
        lock.write_text(text)
        assert "botocore " in found["packages"]["says"]
        assert "boto3" not in found["packages"]["says"]

    def test_a_manifest_with_problems_leaves_the_rest_unseen(self, cold_checkout: Checkout) -> None:
        with edited(cold_checkout, "cpu: 1 vCPU", "cpu: 7 vCPU"):
            found = doctor(cold_checkout, code=3)
        assert states(found, "python", "manifest", "aws") == ["ok", "problem", "unseen"]
        assert "local.yaml:" in found["manifest"]["says"]

    def test_an_environment_that_is_not_there_is_bad_usage(self, cold_checkout: Checkout) -> None:
        done = cold_checkout.deployer("doctor", "nowhere")
        assert (done.returncode, done.stdout) == (3, "")
        assert "there is no environment 'nowhere'" in done.stderr


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    policy = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
    policy.append(
        {"Effect": "Deny", "Action": "ssm:PutParameter", "Resource": f"arn:aws:ssm:*:*:parameter{aws.PATH}/*"}
    )
    client = aws.iam(checkout)
    client.create_role(RoleName=ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": []}))
    document = json.dumps({"Version": "2012-10-17", "Statement": policy})
    client.put_role_policy(RoleName=ROLE, PolicyName="all", PolicyDocument=document)
    return checkout


class TestWithAWorld:
    ASSUMED = f"arn:aws:sts::000000000000:assumed-role/{ROLE}/somebody"

    def test_a_good_one_has_no_problem(self, world: Checkout) -> None:
        found = doctor(world)
        assert states(found, "local world", "region", "credentials", "clock", "account") == ["ok"] * 5
        assert "2026-04-30" in found["app runner"]["says"]
        said = world.deployer("doctor", "local")
        assert (said.returncode, said.stdout.splitlines()[-1]) == (0, "No problem found.")

    def test_the_account_of_somebody_else_is_not_looked_into(self, world: Checkout) -> None:
        with edited(world, '"000000000000"', '"111111111111"'):
            found = doctor(world, code=3)
        assert states(found, "clock", "account", "rights") == ["ok", "problem", "unseen"]
        assert "belong to account 000000000000, the manifest names 111111111111" in found["account"]["says"]
        assert "app runner" not in found

    @pytest.mark.parametrize(("minutes", "words"), [(-10, "10 minutes ahead of"), (10, "10 minutes behind")])
    def test_a_clock_that_is_off_is_told_beside_the_account(self, world: Checkout, minutes: int, words: str) -> None:
        with seen_through(world, ahead=timedelta(minutes=minutes)):
            found = doctor(world, code=3)
        assert states(found, "clock", "account") == ["problem", "ok"]
        assert words in found["clock"]["says"]

    def test_what_a_role_may_do_is_told_by_verbs(self, world: Checkout) -> None:
        with seen_through(world, self.ASSUMED):
            found = doctor(world, code=3)
            said = world.deployer("doctor", "local")
        assert states(found, "rights: plan, status, drift", "rights: logs") == ["ok", "ok"]
        assert states(found, "rights: secret", "rights: reconcile, rollback") == ["problem", "problem"]
        assert found["rights: secret"]["says"] == "not allowed: ssm:PutParameter"
        statements = [json.loads(line) for line in said.stdout.splitlines() if line.strip().startswith("{")]
        needs = {
            "Effect": "Allow",
            "Action": "ssm:PutParameter",
            "Resource": [
                f"arn:aws:ssm:us-west-2:000000000000:parameter{path}/*" for path in (aws.PATH, f"{aws.LEDGER}/replaced")
            ],
        }
        assert needs in statements
        assert {one["Action"] for one in statements} == {"ssm:PutParameter"}

    def test_where_iam_simulates_nothing_that_is_said(self, world: Checkout) -> None:
        with seen_through(world, self.ASSUMED), refuse(world, "iam:SimulatePrincipalPolicy", "AccessDenied"):
            found = doctor(world)
        assert found["rights"]["state"] == "unseen"
        assert (
            f"may not call iam:SimulatePrincipalPolicy on arn:aws:iam::000000000000:role/{ROLE}"
            in (found["rights"]["says"])
        )
        assert "read from the error when a call is refused" in found["rights"]["says"]

    def test_an_app_runner_that_is_closed_is_explained_and_stops_nothing(self, world: Checkout) -> None:
        with seen_through(world, self.ASSUMED), refuse(world, "apprunner:ListServices", "OptInRequired"):
            found = doctor(world, code=3)
        assert states(found, "app runner", "rights: logs") == ["problem", "ok"]
        assert "2026-04-30" in found["app runner"]["fix"]
        with refuse(world, "apprunner:ListServices"):
            found = doctor(world, code=3)
        assert '"Action":"apprunner:ListServices","Resource":"*"' in found["app runner"]["fix"]

    def test_nobody_known_to_sts_is_a_problem_of_its_own(self, world: Checkout) -> None:
        with refuse(world, "sts:GetCallerIdentity", "ExpiredToken"):
            found = doctor(world, code=3)
        assert states(found, "clock", "account", "rights") == ["ok", "problem", "unseen"]
        assert found["account"]["fix"] == "log in again: aws sso login"


def test_the_rights_that_are_looked_at_are_those_that_verbs_use(world: Checkout) -> None:
    """Seen from AWS's side: nothing is called that the doctor would not have looked at, but for a first deployment."""
    desired = desired_state(load_manifest(world.manifest), DesiredImage("ansari-whatsapp", "", None, 30), APP_RUNNER)
    looked = {verbs: {need.action for need in wanted} for verbs, wanted in needs_of_verbs(desired).items()}
    nobody = {"sts:GetCallerIdentity"}
    with seen_through(world) as first:
        assert world.deployer("reconcile", "local").returncode == 0
    assert first.calls - looked["reconcile, rollback"] - nobody == {"ecr:CreateRepository"}
    secret = ["secret", "set", "local", "meta-app-secret"]
    for verbs, command in {
        "plan, status, drift": ["plan", "local"],
        "logs": ["logs", "local"],
        "secret": secret,
    }.items():
        with seen_through(world) as seen:
            done = world.deployer(*command, stdin="a-secret-that-will-do")
            assert done.returncode == 0, done.stderr
        assert seen.calls - looked[verbs] - nobody == set(), verbs
    assert all(needs(call, {}, "us-west-2", "0")[0].action == call for call in first.calls)
