"""The real service on instances as App Runner has them: several, killed, frozen, and without a right of their role."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests import loopback
from tests.e2e import aws
from tests.e2e.checkout import Checkout

pytestmark = pytest.mark.timeout(240)
ROLE, POLICY = "CustomAppRunnerInstanceRole", "ansari-whatsapp-local"


@pytest.fixture(scope="module")
def deployed(checkout: Checkout) -> Checkout:
    """The service on two instances, which share an inbox in a table."""
    checkout.edit("scaling: {min: 1, max: 25,", "scaling: {min: 2, max: 2,")
    checkout.edit("\nprotect:", "\ninbox: {kind: dynamodb, table: ansari-local-whatsapp-inbox}\n\nprotect:")
    checkout.edit("\nvariables:\n", "\nvariables:\n  inbox-key: {kind: secret, generate: 32}\n")
    done = checkout.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    return checkout


@contextmanager
def idle_cpu(checkout: Checkout, state: str) -> Iterator[None]:
    url = f"{checkout.endpoint}/_local/faults"
    document = {"idle_cpu": {"state": state}}
    assert loopback.put(url, json=document, headers=checkout.keys.bearer).status_code == 200
    try:
        yield
    finally:
        loopback.delete(url, headers=checkout.keys.bearer)


def instances(checkout: Checkout) -> list[dict[str, Any]]:
    answer = loopback.get(f"{checkout.endpoint}/_local/instances", headers=checkout.keys.bearer)
    found: list[dict[str, Any]] = answer.json()["instances"]
    return found


def say(checkout: Checkout, text: str) -> str:
    done = checkout.deployer("say", "local", text)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_message_is_answered_although_its_instance_is_killed(deployed: Checkout) -> None:
    """Whichever of the two instances has the message: each is killed once."""
    answers: list[str] = []
    for number, instance in enumerate(instances(deployed)):
        said = threading.Thread(target=lambda: answers.append(say(deployed, "Is it lost?")))
        said.start()
        killed = deployed.just("kill-instance", "local", "--instance", instance["name"][:8])
        said.join()
        assert killed.returncode == 0, killed.stderr
        assert killed.stdout == (
            f"Killed instance {instance['name']} of ansari-local-whatsapp (pid {instance['pid']}) and deleted its "
            "disk.\nAnother instance is starting.\n"
        )
        assert len(answers) == number + 1
        assert "Is it lost?" in answers[-1]


def test_an_instance_that_is_not_there_is_not_killed(deployed: Checkout) -> None:
    done = deployed.deployer("local", "kill-instance", "--instance", "none")
    assert done.returncode == 1
    assert "no instance was killed\n  why: no such instance is running\n" in done.stderr


def test_a_message_is_answered_by_instances_without_cpu(deployed: Checkout) -> None:
    with idle_cpu(deployed, "frozen"):
        assert "Is it cold?" in say(deployed, "Is it cold?")


def test_a_right_that_the_role_lacks_is_noticed(deployed: Checkout) -> None:
    iam = aws.iam(deployed)
    policy: Any = iam.get_role_policy(RoleName=ROLE, PolicyName=POLICY)["PolicyDocument"]
    less = json.dumps(policy).replace('"dynamodb:UpdateItem"', '"dynamodb:DescribeTable"')
    iam.put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=less)
    done = deployed.deployer("say", "local", "Is it allowed?")
    assert done.returncode == 1
    assert "the service answered 503" in done.stderr
    assert deployed.deployer("reconcile", "local").returncode == 0  # it repairs the role
    assert "Is it allowed?" in say(deployed, "Is it allowed?")
