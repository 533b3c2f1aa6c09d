"""Errors of AWS itself: one at every call is survived, and one that lasts is told and leaves nothing half done."""

from __future__ import annotations

import itertools
import json

import httpx
import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, approved
from tests.e2e.test_refused import refuse
from tests.e2e.test_releases import level, run
from tests.loopback import NO_TLS

pytestmark = pytest.mark.timeout(300)
STATUSES = itertools.cycle((500, 503, 429))
# What a first deployment asks.
CALLS = (
    *(f"apprunner:{name}" for name in ("ListServices", "CreateService", "ListOperations", "DescribeService")),
    *(f"apprunner:{name}" for name in ("ListAutoScalingConfigurations", "CreateAutoScalingConfiguration")),
    *(f"ecr:{name}" for name in ("DescribeRepositories", "CreateRepository", "DescribeImages", "PutImage")),
    *(f"ecr:{name}" for name in ("GetLifecyclePolicy", "PutLifecyclePolicy")),
    *(f"iam:{name}" for name in ("GetRole", "CreateRole", "PutRolePolicy", "ListRolePolicies")),
    *(f"ssm:{name}" for name in ("GetParameters", "DescribeParameters", "PutParameter", "DeleteParameter")),
    "sts:GetCallerIdentity",
)
# Verbs of a deployed environment, with calls that each of them makes.
VERBS: dict[tuple[str, ...], tuple[str, ...]] = {
    ("plan", "local"): ("apprunner:DescribeService", "apprunner:ListTagsForResource", "ssm:GetParameters"),
    ("status", "local"): ("apprunner:ListOperations", "sts:GetCallerIdentity", "ecr:DescribeImages"),
    ("drift", "local"): ("apprunner:ListServices", "iam:GetRolePolicy", "ssm:DescribeParameters"),
    ("releases", "local"): ("ssm:GetParameterHistory",),
    ("logs", "local"): ("logs:FilterLogEvents",),
    ("restart", "local"): ("apprunner:StartDeployment", "apprunner:ListOperations"),
    ("pause", "local"): ("apprunner:PauseService", "ssm:PutParameter"),
    ("resume", "local"): ("apprunner:ResumeService", "ssm:DeleteParameter"),
}


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    tiny.commit(checkout)
    return checkout


class Once:
    """One error at each of these calls."""

    def __init__(self, checkout: Checkout, calls: tuple[str, ...]) -> None:
        self.checkout = checkout
        self.rules = [{"call": call, "status": next(STATUSES), "times": 1} for call in calls]

    @property
    def client(self) -> httpx.Client:
        return httpx.Client(
            verify=NO_TLS, base_url=f"{self.checkout.endpoint}/_local/", headers=self.checkout.keys.bearer
        )

    def __enter__(self) -> None:
        with self.client as client:
            client.put("faults", json={"refuse": self.rules}).raise_for_status()

    def __exit__(self, *_: object) -> None:
        with self.client as client:
            rules = client.get("faults").json()["faults"]["refuse"]
            client.delete("faults").raise_for_status()
        assert [rule["call"] for rule in rules if not rule["struck"]] == []


def test_a_first_deployment_survives_one_at_every_call(world: Checkout) -> None:
    with Once(world, CALLS):
        said = run(world, "reconcile", "local")
    assert "error" not in said
    assert "Nothing to do" in run(world, "reconcile", "local")
    assert aws.operations(world) == ["CREATE_SERVICE SUCCEEDED"]


def test_an_update_survives_one_at_every_call(world: Checkout) -> None:
    level(world, "DEBUG", "INFO")
    with Once(world, ("apprunner:UpdateService", "apprunner:ListOperations", "ssm:PutParameter")):
        run(world, "reconcile", "local")
    assert "Nothing to do" in run(world, "reconcile", "local")


@pytest.mark.parametrize("verb", VERBS, ids=lambda verb: verb[0])
def test_other_verbs_survive_one_too(world: Checkout, verb: tuple[str, ...]) -> None:
    with Once(world, VERBS[verb]):
        run(world, *verb)


def test_a_rollback_survives_one_at_every_call(world: Checkout) -> None:
    words = approved(world, "local")
    with Once(world, ("apprunner:UpdateService", "ssm:GetParameterHistory", "ssm:PutParameter")):
        run(world, *words)
    found = json.loads(world.deployer("hold", "local", "--json").stdout)
    run(world, "resume", "local", "--approve", found["id"])
    run(world, "reconcile", "local")


def test_one_that_lasts_before_any_change(world: Checkout) -> None:
    with refuse(world, "apprunner:DescribeService", status=500):
        done = world.deployer("reconcile", "local")
    assert done.returncode == 1
    assert "AWS answered apprunner:DescribeService on " in done.stderr
    assert " with a server error: InternalServiceErrorException, after 7 tries" in done.stderr
    assert "fix: wait until AWS works again, then run again" in done.stderr
    assert "Traceback" not in done.stderr


def test_one_that_lasts_partway(world: Checkout) -> None:
    before = aws.operations(world)
    level(world, "INFO", "DEBUG")
    with refuse(world, "apprunner:UpdateService", status=503, message="be back soon"):
        done = world.deployer("reconcile", "local")
    assert done.returncode == 6, done.stderr
    assert "with a server error: ServiceUnavailable, after 7 tries, after 1 of 2" in done.stderr
    assert "why: be back soon" in done.stderr
    assert aws.operations(world) == before
    run(world, "reconcile", "local")
    assert aws.operations(world) == ["UPDATE_SERVICE SUCCEEDED", *before]
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_fewer_calls_are_asked_for(world: Checkout) -> None:
    with refuse(world, "iam:GetRole", status=429):
        done = world.deployer("plan", "local")
    assert done.returncode == 1
    assert "Throttling" in done.stderr
    assert "AWS asks for fewer calls: wait a moment, then run again" in done.stderr
