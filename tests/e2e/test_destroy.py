"""An environment is taken away: what goes, what stays, who has to agree, and what a stop half way leaves."""

from __future__ import annotations

import json
import sys
from typing import Any

import jsonschema
import pytest

from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, write_second
from tests.e2e.test_refused import refuse
from tests.terminal import on_terminal

pytestmark = pytest.mark.timeout(240)
SECOND = "/app-runtime/ansari-whatsapp/second"
NAME = "ansari-second-whatsapp"
LEVEL = "logging-level: {kind: literal, value: %s}"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """Two environments; the second has an instance role of its own."""
    tiny.commit(checkout)
    write_second(checkout, LEVEL % "DEBUG", LEVEL % "INFO")
    edit(checkout, "CustomAppRunnerInstanceRole", "SecondInstanceRole")
    run(checkout, "reconcile", "local")
    return checkout


@pytest.fixture
def second(world: Checkout) -> Checkout:
    run(world, "reconcile", "second")
    return world


def edit(checkout: Checkout, old: str, new: str) -> None:
    manifest = checkout.root / "env" / "second.yaml"
    text = manifest.read_text()
    assert old in text
    manifest.write_text(text.replace(old, new))


def run(checkout: Checkout, *words: str, code: int = 0) -> tuple[str, str]:
    done = checkout.deployer(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout, done.stderr


def left(checkout: Checkout) -> dict[str, Any]:
    """What AWS holds of the second environment."""
    listed = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    filters: Any = [{"Key": "Path", "Option": "Recursive", "Values": [SECOND]}]
    parameters = aws.ssm(checkout).describe_parameters(ParameterFilters=filters, MaxResults=50)["Parameters"]
    revisions = aws.apprunner(checkout).list_auto_scaling_configurations(AutoScalingConfigurationName=NAME)
    return {
        "services": [one["ServiceName"] for one in listed if one["Status"] != "DELETED" and one["ServiceName"] == NAME],
        "literals": sum(one["Type"] == "String" for one in parameters),
        "secrets": sum(one["Type"] == "SecureString" for one in parameters),
        "scaling": len(revisions["AutoScalingConfigurationSummaryList"]),
        "roles": [r["RoleName"] for r in aws.iam(checkout).list_roles()["Roles"] if r["RoleName"].startswith("Second")],
        "repositories": [one["repositoryName"] for one in aws.ecr(checkout).describe_repositories()["repositories"]],
    }


def answers(checkout: Checkout) -> bool:
    return loopback.get(f"{checkout.service}/").status_code == 200


def test_all_but_secrets_and_images_goes_and_the_other_environment_answers(second: Checkout) -> None:
    before = left(second)
    shown, told = run(second, "destroy", "second", "--approve", NAME)
    assert f"- service     {NAME}" in shown
    assert f"= secret      {SECOND}/meta-app-secret   --with-secrets deletes it" in shown
    assert "= repository  ansari-whatsapp   local uses it" in shown
    assert "= role        CustomAppRunnerServiceRole   local uses it" in shown
    assert "- policy      CustomAppRunnerServiceRole/ansari-whatsapp-second" in shown
    policies = aws.iam(second).list_role_policies(RoleName="CustomAppRunnerServiceRole")["PolicyNames"]
    assert policies == ["ansari-whatsapp-local"]
    assert "- role        SecondInstanceRole" in shown
    assert shown.endswith("second is gone.\n")
    assert "operation" in told
    assert left(second) == {
        "services": [],
        "literals": 0,
        "secrets": before["secrets"],
        "scaling": 0,
        "roles": [],
        "repositories": ["ansari-whatsapp"],
    }
    assert answers(second)
    assert "Nothing to do" in run(second, "reconcile", "local")[0]
    again, _ = run(second, "destroy", "second")
    assert again.startswith("Nothing is left to delete.")


def test_secrets_go_when_they_are_named_and_it_is_told_as_json(second: Checkout) -> None:
    shown, told = run(second, "destroy", "second", "--with-secrets", "--approve", NAME, "--json")
    found = json.loads(shown)
    jsonschema.Draft202012Validator(json.loads(run(second, "schema", "destroy")[0])).validate(found)
    assert sum(one["kind"] == "secret" for one in found["deleted"]) == 5
    assert "Will be deleted:" in told
    assert left(second)["secrets"] == 0
    assert aws.ssm(second).get_parameter(Name="/app-deployer/ansari-whatsapp/second/release")


def test_it_can_be_made_again_afterwards(second: Checkout) -> None:
    run(second, "destroy", "second", "--approve", NAME)
    run(second, "reconcile", "second")
    assert left(second)["services"] == [NAME]


@pytest.mark.parametrize(("options", "fix"), [((), f"--approve {NAME}"), (("--approve", "second"), NAME)])
def test_without_the_name_of_the_service_nothing_goes(second: Checkout, options: tuple[str, ...], fix: str) -> None:
    before = left(second)
    shown, told = run(second, "destroy", "second", *options, code=4)
    assert "Will be deleted:" in shown
    assert "nothing was deleted" in told
    assert fix in told
    assert left(second) == before


def test_at_a_terminal_the_name_is_typed(second: Checkout) -> None:
    command = [sys.executable, "-m", "deployer", "destroy", "second"]
    prompt = f"Type the service's name to delete this [{NAME}]: "
    code, shown = on_terminal(command, second.root, (prompt, "ansari-local-whatsapp"))
    assert code == 4, shown
    assert left(second)["services"] == [NAME]
    code, shown = on_terminal(command, second.root, (prompt, NAME))
    assert code == 0, shown
    assert left(second)["services"] == []


@pytest.mark.parametrize("protection", ["confirm: true", "healthy_in: local, confirm: false"])
def test_a_protected_environment_is_refused(second: Checkout, protection: str) -> None:
    edit(second, "confirm: false", protection)
    shown, told = run(second, "destroy", "second", "--approve", NAME, code=4)
    edit(second, protection, "confirm: false")
    assert shown == ""
    assert "second is protected and is not destroyed" in told
    assert left(second)["services"] == [NAME]


def test_a_stop_half_way_says_so_and_the_next_run_goes_on(second: Checkout) -> None:
    with refuse(second, "ssm:DeleteParameter"):
        _, told = run(second, "destroy", "second", "--approve", NAME, code=6)
    assert "AWS refused ssm:DeleteParameter" in told
    assert "after 2 of" in told
    assert "just destroy second continues from there" in told
    assert left(second)["services"] == []
    assert left(second)["literals"] > 0
    shown, _ = run(second, "destroy", "second", "--approve", NAME)
    assert "- service" not in shown
    assert left(second)["literals"] == 0


def test_a_refused_first_call_leaves_everything(second: Checkout) -> None:
    before = left(second)
    with refuse(second, "apprunner:DeleteService"):
        _, told = run(second, "destroy", "second", "--approve", NAME, code=1)
    assert '"Action":"apprunner:DeleteService"' in told
    assert left(second) == before


def test_a_busy_service_is_waited_for_first(second: Checkout) -> None:
    faults = f"{second.endpoint}/_local/faults"
    held = {"hold": {"seconds": 60, "operation": "PAUSE_SERVICE"}}
    loopback.put(faults, json=held, headers=second.keys.bearer).raise_for_status()
    client = aws.apprunner(second)
    arn = next(o["ServiceArn"] for o in client.list_services()["ServiceSummaryList"] if o["ServiceName"] == NAME)
    client.pause_service(ServiceArn=arn)
    _, told = run(second, "destroy", "second", "--approve", NAME, code=3)
    assert "just status second --follow" in told
    loopback.delete(faults, headers=second.keys.bearer).raise_for_status()
    run(second, "status", "second", "--follow")
    run(second, "destroy", "second", "--approve", NAME)  # a paused service can be deleted


def test_a_deletion_under_way_is_followed_to_its_end(second: Checkout) -> None:
    client = aws.apprunner(second)
    arn = next(
        o["ServiceArn"]
        for o in client.list_services()["ServiceSummaryList"]
        if o["ServiceName"] == NAME and o["Status"] != "DELETED"
    )
    faults = f"{second.endpoint}/_local/faults"
    held = {"hold": {"seconds": 2, "operation": "DELETE_SERVICE"}}
    loopback.put(faults, json=held, headers=second.keys.bearer).raise_for_status()
    client.delete_service(ServiceArn=arn)
    run(second, "destroy", "second", "--approve", NAME)
    loopback.delete(faults, headers=second.keys.bearer).raise_for_status()
    assert left(second)["services"] == []
