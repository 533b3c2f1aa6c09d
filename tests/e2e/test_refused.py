"""A call that AWS refuses: the real CLI says which right is missing, on what, and never a value."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout

pytestmark = pytest.mark.timeout(240)
SECRET = "s3ntinel-of-the-app"
PARAMETER = f"arn:aws:ssm:us-west-2:000000000000:parameter{aws.PATH}/meta-app-secret"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    return checkout


@contextmanager
def refuse(checkout: Checkout, call: str, **more: str | int) -> Iterator[None]:
    where = f"{checkout.endpoint}/_local/faults"
    loopback.put(where, json={"refuse": {"call": call, **more}}, headers=checkout.keys.bearer).raise_for_status()
    yield
    assert loopback.get(where, headers=checkout.keys.bearer).json()["faults"]["refuse"][0]["struck"] > 0
    loopback.delete(where, headers=checkout.keys.bearer).raise_for_status()


def test_the_statement_that_is_missing_can_be_pasted(world: Checkout) -> None:
    with refuse(world, "ssm:PutParameter"):
        done = world.deployer("secret", "set", "local", "meta-app-secret", stdin=SECRET)
    assert (done.returncode, done.stdout) == (1, "")
    assert f"error: AWS refused ssm:PutParameter on {PARAMETER}: AccessDeniedException" in done.stderr
    statements = [json.loads(line) for line in done.stderr.splitlines() if line.strip().startswith("{")]
    assert {"Effect": "Allow", "Action": "ssm:PutParameter", "Resource": PARAMETER} in statements
    assert SECRET not in done.stderr


def test_another_error_names_its_call_too(world: Checkout) -> None:
    with refuse(world, "iam:GetRole", code="ServiceFailure", message="not today"):
        done = world.deployer("plan", "local")
    assert done.returncode == 1
    assert "AWS refused iam:GetRole on arn:aws:iam::000000000000:role/CustomAppRunner" in done.stderr
    assert "ServiceFailure" in done.stderr
    assert "why: not today" in done.stderr


def test_aws_own_words_decide(world: Checkout) -> None:
    words = "is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:us-west-2:000000000000:key/1 because"
    with refuse(world, "apprunner:ListServices", message=words):
        done = world.deployer("plan", "local")
    assert (
        '{"Effect":"Allow","Action":"kms:Decrypt","Resource":"arn:aws:kms:us-west-2:000000000000:key/1"}' in done.stderr
    )


def test_half_a_deployment_says_it_as_well(world: Checkout) -> None:
    with refuse(world, "apprunner:CreateService"):
        done = world.deployer("reconcile", "local")
    assert done.returncode == 6, done.stderr
    assert '"Action":"apprunner:CreateService"' in done.stderr
    assert '"Action":"iam:PassRole"' in done.stderr
    assert world.deployer("reconcile", "local").returncode == 0


def test_a_role_that_was_changed_just_now_is_waited_for(world: Checkout) -> None:
    client = aws.client(world, "iam")
    [policy] = client.list_role_policies(RoleName="CustomAppRunnerInstanceRole")["PolicyNames"]
    client.delete_role_policy(RoleName="CustomAppRunnerInstanceRole", PolicyName=policy)
    world.edit("logging-level: {kind: literal, value: DEBUG}", "logging-level: {kind: literal, value: INFO}")
    words = {"code": "InvalidRequestException", "message": "Error in assuming instance role arn:aws:iam::0:role/x"}
    with refuse(world, "apprunner:UpdateService", **words, times=1):
        done = world.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("cannot assume the changed roles yet") == 1


def test_a_role_that_was_not_changed_is_not_waited_for(world: Checkout) -> None:
    world.edit("logging-level: {kind: literal, value: INFO}", "logging-level: {kind: literal, value: DEBUG}")
    with refuse(
        world, "apprunner:UpdateService", code="InvalidRequestException", message="Error in assuming access role"
    ):
        done = world.deployer("reconcile", "local")
    assert "Error in assuming access role" in done.stderr
    assert "again in" not in done.stderr
    assert world.deployer("reconcile", "local").returncode == 0


def test_lines_that_may_not_be_read_stop_no_deployment(world: Checkout) -> None:
    world.edit("logging-level: {kind: literal, value: DEBUG}", "logging-level: {kind: literal, value: WARNING}")
    with refuse(world, "logs:FilterLogEvents"):
        done = world.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("warning     log lines are not shown: AWS refused logs:FilterLogEvents") == 1
    assert "Nothing to do" in world.deployer("plan", "local").stdout


def test_a_lock_that_may_not_be_taken_away_is_told(world: Checkout) -> None:
    world.edit("logging-level: {kind: literal, value: WARNING}", "logging-level: {kind: literal, value: DEBUG}")
    with refuse(world, "ssm:DeleteParameter"):
        done = world.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    assert "the lock could not be deleted; it expires by itself: AWS refused ssm:DeleteParameter" in done.stderr
    assert world.deployer("reconcile", "local").returncode == 0


def test_a_check_that_only_connects_is_proven_at_the_root(world: Checkout) -> None:
    world.edit("protocol: HTTP, path: /,", "protocol: TCP, path: /nowhere,")
    done = world.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    assert f"GET {world.service}/ reports" in done.stderr


def test_a_service_that_went_while_it_was_looked_at_is_none(world: Checkout) -> None:
    with refuse(world, "apprunner:ListTagsForResource", code="ResourceNotFoundException"):
        found = json.loads(world.deployer("status", "local", "--json").stdout)
    assert found["service"] is None


def test_a_look_that_is_not_allowed_names_the_right(world: Checkout) -> None:
    world.edit("managed: true", "managed: false")
    with refuse(world, "iam:SimulatePrincipalPolicy"):
        done = world.deployer("verify", "local")
    world.edit("managed: false", "managed: true")
    role = "arn:aws:iam::000000000000:role/CustomAppRunnerInstanceRole"
    assert f"these credentials may not call iam:SimulatePrincipalPolicy on {role}" in done.stdout
