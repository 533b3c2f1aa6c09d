"""A service that was made by hand gets a manifest, which changes no value and no setting of it."""

from __future__ import annotations

import json
import shlex
from typing import Any

import jsonschema
import pytest

from tests.e2e import aws, by_hand, tiny
from tests.e2e.checkout import Checkout

pytestmark = pytest.mark.timeout(240)
STRANGE = ("Not_A_Name", "deep/er", "unread")


@pytest.fixture(scope="module")
def made(checkout: Checkout) -> Checkout:
    """The deployer's own environment runs beside it: it has started the local AWS and pushed the image."""
    (checkout.root / "env" / "staging.yaml").unlink()
    tiny.commit(checkout, by_hand.SOURCE)
    run(checkout, "reconcile", "local")
    by_hand.build(checkout)
    for name in STRANGE:
        aws.ssm(checkout).put_parameter(Name=f"{by_hand.PATH}/{name}", Value="v", Type="String")
    return checkout


def run(checkout: Checkout, *words: str, code: int = 0) -> str:
    done = checkout.deployer(*words)
    assert done.returncode == code, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout if code == 0 else done.stderr


def adopt(checkout: Checkout, *more: str, environment: str = "staging", code: int = 0) -> str:
    words = ("adopt", environment, "--service", by_hand.SERVICE, "--endpoint", checkout.endpoint, *more)
    return run(checkout, *words, code=code)


def parameters(checkout: Checkout) -> dict[str, tuple[str, int, str]]:
    """Everything below the path, with its tags."""
    ssm = aws.ssm(checkout)
    filters: Any = [{"Key": "Path", "Option": "Recursive", "Values": [by_hand.PATH]}]
    pages = ssm.get_paginator("describe_parameters").paginate(ParameterFilters=filters)
    found = [parameter for page in pages for parameter in page["Parameters"]]
    return {
        one["Name"]: (
            str(ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=one["Name"])["TagList"]),
            one["Version"],
            one.get("Description", ""),
        )
        for one in found
    }


def world(checkout: Checkout) -> Any:
    """All that a careless reader could have changed."""
    runner = aws.apprunner(checkout)
    arn = service(checkout)
    repositories = aws.ecr(checkout).describe_repositories()["repositories"]
    tags = runner.list_tags_for_resource(ResourceArn=arn)["Tags"]
    operations = runner.list_operations(ServiceArn=arn)["OperationSummaryList"]
    return parameters(checkout), by_hand.described(checkout, arn), repositories, tags, operations


def service(checkout: Checkout) -> str:
    listed = aws.apprunner(checkout).list_services()["ServiceSummaryList"]
    return next(one["ServiceArn"] for one in listed if one["ServiceName"] == by_hand.SERVICE)


def test_its_manifest_is_written_and_nothing_in_aws_is_changed(made: Checkout) -> None:
    before = world(made)
    said = adopt(made)
    text = (made.root / "env" / "staging.yaml").read_text()
    for value in (*aws.secret_values(made).values(), by_hand.EXTRA["LOG_SHIPPER_TOKEN"]):
        assert value not in said + text
    assert world(made) == before
    assert "env/staging.yaml: 6 secrets, 11 literals" in said
    assert "kept with `extra: true`, because the service has no setting for them: log-shipper-token, " in said
    assert 'log-shipper-url: {kind: literal, value: "https://logs.example.org", store: service, extra: true}' in text
    assert "just plan staging --image " in said
    for left in STRANGE:
        assert f"left out: {by_hand.PATH}/{left}: " in said
        assert f"# - {by_hand.PATH}/{left}: " in text
    assert "good (6 secrets, 11 literals)" in run(made, "check", "staging")


def test_its_plan_holds_what_the_comments_say_and_no_value_or_setting(made: Checkout) -> None:
    plan = json.loads(run(made, "plan", "staging", "--json"))
    kinds = [change["kind"] for change in plan["changes"] if change["kind"] != "AdoptParameter"]
    image = ["ChangeRepository", "PutLifecycle", "KeepImage"]
    assert kinds == [*image, "RecreateParameter", "CreateScaling", "TagService", "DeployService"]
    assert len(plan["changes"]) - len(kinds) == 14
    [recreated] = [change for change in plan["changes"] if change["kind"] == "RecreateParameter"]
    assert "StringList -> String: deleted with its history, and recreated" in recreated["detail"]
    assert plan["blockers"] == []
    assert {one["address"] for one in plan["notices"]} == {f"{by_hand.PATH}/{left}" for left in STRANGE}
    assert plan["changes"][-1]["detail"].endswith("because: image, ORIGINS, auto_deployments true -> false")
    text = (made.root / "env" / "staging.yaml").read_text()
    for word in ("managed-by", "lifecycle", "second tag", "scaling", "APP_RELEASE", "automatic deployments", "digest"):
        assert word in text.partition("\napp:")[0]


def test_it_is_deployed_and_then_there_is_nothing_to_do(made: Checkout) -> None:
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "a manifest for staging")
    before, arn = parameters(made), service(made)
    fingerprint = json.loads(run(made, "plan", "staging", "--json"))["fingerprint"]
    run(made, "reconcile", "staging", "--approve", fingerprint)
    assert "Nothing to do" in run(made, "plan", "staging")
    after = parameters(made)
    assert {name: one[1:] for name, one in before.items()} == {name: one[1:] for name, one in after.items()}
    assert service(made) == arn
    described = by_hand.described(made, arn)
    assert described["InstanceConfiguration"]["Memory"] == "3072"
    assert "APP_RELEASE" in str(described)


def test_a_secret_that_can_be_read_blocks_the_plan_until_it_is_one(made: Checkout) -> None:
    """Another environment of the same service: its files say where each parameter is."""
    ssm, name = aws.ssm(made), f"{by_hand.PATH}/meta-app-secret"
    value = aws.secret_values(made)["meta-app-secret"]
    (made.root / "env" / "staging.yaml").unlink()
    ssm.delete_parameter(Name=name)
    ssm.put_parameter(Name=name, Value=value, Type="String", Description="Meta")
    found = json.loads(adopt(made, "--json"))
    schema = json.loads(run(made, "schema", "adopt"))
    jsonschema.Draft202012Validator(schema).validate(found)
    assert found["blockers"] == ["just secret set staging meta-app-secret"]
    text = (made.root / "env" / "staging.yaml").read_text()
    assert value not in text + json.dumps(found)
    assert 'meta-app-secret: {kind: secret, description: "Meta"}' in text
    assert "just secret set staging meta-app-secret" in run(made, "plan", "staging", code=3)
    done = made.deployer("secret", "set", "staging", "meta-app-secret", stdin=value)
    assert done.returncode == 0, done.stderr
    assert json.loads(run(made, "plan", "staging", "--json"))["blockers"] == []


def test_a_service_without_what_its_code_needs_is_refused_with_the_command_that_adopts_it(made: Checkout) -> None:
    """At another path nothing is found of what it reads."""
    path = made.root / "env" / "third.yaml"
    nowhere = ("--parameter-path", "/app-runtime/ansari-whatsapp/nowhere")
    told = adopt(made, *nowhere, environment="third", code=3)
    assert "2 settings have no value that the service accepts; nothing was written" in told
    assert f"DEPLOYMENT_TYPE: it is read from {by_hand.ARN}/deployment-type" in told
    assert not path.exists()
    fix = told.partition("give each a value: just ")[2].strip()
    url = by_hand.literals(made)["backend-server-url"]
    words = fix.replace("backend-server-url=VALUE", f"backend-server-url={url}").replace("type=VALUE", "type=local")
    said = run(made, *shlex.split(words))
    assert "blocks a plan until it is done: just secret set third meta-app-secret" in said
    assert "service.name is that of env/staging.yaml too: keep one of the two files" in said
    assert "good (5 secrets" in run(made, "check", "third")
    path.unlink()


def test_a_file_that_is_there_stays(made: Checkout) -> None:
    path = made.root / "env" / "local.yaml"
    before = path.read_bytes()
    assert "env/local.yaml is there already" in adopt(made, environment="local", code=3)
    assert path.read_bytes() == before


def test_another_region_is_another_aws(made: Checkout) -> None:
    assert "this endpoint is us-west-2, not eu-west-1" in adopt(
        made, "--region", "eu-west-1", environment="second", code=1
    )
    assert not (made.root / "env" / "second.yaml").exists()


@pytest.mark.parametrize(
    ("environment", "more", "said"),
    [
        ("../x", [], "ENV is not a name"),
        ("Second", [], "ENV is not a name"),
        ("port.yaml", [], "ENV is not a name"),
        ("second", ["--app", "a b"], "--app is not a name"),
        ("second", ["--service", "no-such-service"], "no service no-such-service in account 000000000000, region us-w"),
        ("second", ["--region", "mars"], "--region has to be an AWS region"),
        ("second", ["--parameter-path", "/aws/x"], "--parameter-path has to be a path"),
        ("second", ["--parameter-path", "/app-deployer/x"], "/app-deployer is the deployer's own"),
        ("second", ["--endpoint", "http://example.com:80"], "--endpoint has to be an address of this machine"),
    ],
)
def test_bad_input_is_told_and_writes_nothing(made: Checkout, environment: str, more: list[str], said: str) -> None:
    before = sorted((made.root / "env").iterdir())
    assert said in adopt(made, *more, environment=environment, code=3)
    assert sorted((made.root / "env").iterdir()) == before
