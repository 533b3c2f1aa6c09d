"""The local environment on ECS Express Mode, from `check` to `destroy`, with real processes.

The tests follow one service through its life, in their order.
"""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from tests import loopback
from tests.e2e import aws, ecs_express, tiny
from tests.e2e.checkout import Checkout, approved, resumed
from tests.e2e.ecs_express import ARN, NAME, client, deployments, described, tasks
from tests.e2e.stand_in import stand_in
from tests.e2e.test_releases import held, level, listed, run

pytestmark = pytest.mark.timeout(300)
UNHEALTHY = tiny.SOURCE.replace("send_response(200)", "send_response(500)")
MISSING = {"ecs_task_fails": {"why": "secret-missing"}}


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    ecs_express.choose(checkout)
    tiny.commit(checkout)
    return checkout


def switch(world: Checkout, **faults: Any) -> None:
    """Set the switches of the local world; none clears them."""
    address, bearer = f"{world.endpoint}/_local/faults", world.keys.bearer
    loopback.delete(address, headers=bearer).raise_for_status()
    if faults:
        loopback.put(address, json=faults, headers=bearer).raise_for_status()


def plan(world: Checkout, *words: str, code: int = 0) -> Any:
    done = world.deployer("plan", "local", *words, "--json")
    assert done.returncode == code, done.stdout + done.stderr
    return json.loads(done.stdout)


def variables(world: Checkout) -> dict[str, str]:
    """The plain variables of the newest configuration."""
    newest = max(described(world)["activeConfigurations"], key=lambda one: one["createdAt"])
    return {one["name"]: one["value"] for one in newest["primaryContainer"]["environment"]}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("protocol: HTTP", "protocol: TCP", "service.health_check.protocol has to be one of: HTTP"),
        ("min: 1, max: 3", "min: 1, max: 3, concurrency: 80", "service.scaling of this target has no `concurrency`"),
        ("min: 1, max: 3", "min: 4, max: 3", "service.scaling.max is below service.scaling.min"),
        (
            "min: 1, max: 3",
            "min: 1, max: 3, metric: REQUEST_COUNT_PER_TARGET",
            "service.scaling.target is missing: REQUEST_COUNT_PER_TARGET has no default",
        ),
        ("memory: 2 GB", "memory: 1 GB", "Fargate does not offer this memory with this cpu"),
        ("execution: ExecutionRole", "access: ExecutionRole", "service.roles of this target has no `access`"),
        ("task: TaskRole", "task: ExecutionRole", "execution and task are the same role"),
        ("memory: 2 GB", "memory: 2 GB\n  observability: {}", "service of this target has no `observability`"),
        ("memory: 2 GB", "memory: 2 GB\n  encryption: {}", "service of this target has no `encryption`"),
        ("memory: 2 GB", "memory: 2 GB\n  network: {egress: {}}", "service.network of this target has no `egress`"),
        ("memory: 2 GB", "memory: 2 GB\n  network: {subnets: [subnet-0123abcd]}", "needs two subnets"),
    ],
)
def test_a_key_that_would_surprise_is_refused(world: Checkout, old: str, new: str, says: str) -> None:
    text = world.manifest.read_text()
    try:
        world.edit(old, new)
        assert says in run(world, "check", "local", code=3)
    finally:
        world.manifest.write_text(text)


def test_the_first_reconcile_creates_waits_proves_and_records(world: Checkout) -> None:
    notices = [notice["address"] for notice in plan(world)["notices"] if notice["kind"] == "IgnoredKey"]
    assert notices == ["service.health_check.interval"]
    said = run(world, "reconcile", "local")
    assert "has reached a steady state" in said
    [release] = listed(world)
    assert (release["outcome"], release["target"], release["live"]) == ("healthy", "ecs-express", True)
    assert release["operation"] == described(world)["activeConfigurations"][0]["serviceRevisionArn"]
    assert held(world)["APP_RELEASE"] == release["id"] == variables(world)["APP_RELEASE"]
    assert {tag["key"]: tag["value"] for tag in described(world)["tags"]}["managed-by"] == "deployer"
    assert deployments(world) == ["SUCCESSFUL"]


def test_a_second_reconcile_does_nothing(world: Checkout) -> None:
    assert "Nothing to do" in run(world, "reconcile", "local")
    assert plan(world, "--detailed-exitcode")["changes"] == []
    assert "has not drifted" in run(world, "drift", "local", "--detailed-exitcode")
    assert deployments(world) == ["SUCCESSFUL"]


def test_what_only_reads_knows_it(world: Checkout) -> None:
    status = json.loads(run(world, "status", "local", "--json"))
    assert (status["service"], status["state"], status["troubles"]) == ("RUNNING", "healthy", [])
    findings = json.loads(run(world, "doctor", "local", "--json"))["findings"]
    [finding] = [one for one in findings if one["about"] == "ecs express"]
    assert finding["state"] == "ok"
    assert "has started 1 tasks" in run(world, "logs", "local", "--operation", listed(world)[0]["operation"])
    run(world, "verify", "local")


def test_an_edit_is_a_second_release_and_the_canary_is_sent_where_it_is_taken(world: Checkout) -> None:
    level(world, "DEBUG", "INFO")
    world.edit(
        "  on_unhealthy: rollback\n", "  deployment: {bake_minutes: 1, canary_percent: 20}\n  on_unhealthy: rollback\n"
    )
    run(world, "reconcile", "local")
    assert held(world)["LOGGING_LEVEL"] == "INFO"
    [service] = client(world).describe_services(cluster="default", services=[ARN])["services"]
    configuration = service["deploymentConfiguration"]
    assert configuration["bakeTimeInMinutes"] == 1
    assert configuration["canaryConfiguration"]["canaryPercent"] == 5.0  # ECS refuses another share
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_a_new_value_of_a_secret_reaches_containers_that_start(world: Checkout) -> None:
    run(world, "secret", "set", "local", "meta-webhook-verify-token", stdin="another-token-of-some-length\n")
    assert "containers that start read it now, those that run hold v1" in run(world, "plan", "local")
    run(world, "reconcile", "local")
    assert held(world)["META_WEBHOOK_VERIFY_TOKEN"] == "another-token-of-some-length"


def test_a_release_that_does_not_start_is_rolled_back_by_ecs_and_the_cause_is_kept(world: Checkout) -> None:
    before = held(world)["APP_RELEASE"]
    level(world, "INFO", "WARNING")
    switch(world, **MISSING)
    failed = run(world, "reconcile", "local", code=5)
    switch(world)
    assert "containers get them when they start" in failed
    assert held(world)["APP_RELEASE"] == before
    newest = listed(world)[0]
    assert newest["outcome"] == "failed"
    assert "invalid ssm parameters" in newest["why"], newest["why"]
    assert deployments(world)[0] == "ROLLBACK_SUCCESSFUL"
    assert "was exactly this and failed" in run(world, "reconcile", "local", code=4)
    level(world, "WARNING", "INFO")
    run(world, "reconcile", "local")


def test_a_release_that_answers_with_errors_is_rolled_back(world: Checkout) -> None:
    tiny.install(world, UNHEALTHY)
    run(world, "reconcile", "local", code=5)
    assert listed(world)[0]["outcome"] == "failed"
    tiny.install(world)
    run(world, "reconcile", "local")
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_a_change_by_hand_is_drift_and_is_set_back(world: Checkout) -> None:
    by_hand(world, cpu="2048", memory="4096")
    _settled(world)
    drift = json.loads(run(world, "drift", "local", "--json", code=0))["drift"]
    found = {item["address"]: (item["recorded"]["value"], item["live"]["value"]) for item in drift}
    assert found == {"cpu": ("1 vCPU", "2 vCPU"), "memory": ("2 GB", "4 GB")}
    run(world, "reconcile", "local")
    assert "has not drifted" in run(world, "drift", "local", "--detailed-exitcode")


def test_a_deployment_that_another_user_started_is_waited_for(world: Checkout) -> None:
    """ECS would accept a second one, and its load balancer could be left without a healthy target."""
    before = len(deployments(world))
    switch(world, ecs_hold={"seconds": 4, "stage": "BAKE_TIME"})
    by_hand(world)
    level(world, "INFO", "ERROR")
    said = run(world, "reconcile", "local")
    switch(world)
    assert "a deployment is under way" in said
    assert held(world)["LOGGING_LEVEL"] == "ERROR"
    assert deployments(world) == ["SUCCESSFUL"] * 2 + deployments(world)[2:]
    assert len(deployments(world)) == before + 2


def test_an_update_whose_answer_is_lost_is_found_and_not_sent_again(world: Checkout) -> None:
    """Express Mode takes no client token: a repeated update would be a second deployment beside the first."""
    before = len(deployments(world))
    level(world, "ERROR", "INFO")
    text, port = world.manifest.read_text(), str(world.ports["4566"])
    with stand_in(world.ports["4566"], damages=lambda call: call == "ecs:UpdateExpressGatewayService") as other:
        world.share_keys(other.port)
        world.edit(f"127.0.0.1:{port} ", f"127.0.0.1:{other.port} ")
        run(world, "reconcile", "local")
    world.manifest.write_text(text)
    assert len(deployments(world)) == before + 1
    assert held(world)["LOGGING_LEVEL"] == "INFO"
    assert listed(world)[0]["outcome"] == "healthy"


def test_a_pause_stops_all_tasks_and_a_resume_brings_the_numbers_back(world: Checkout) -> None:
    assert "local is paused" in run(world, "pause", "local")
    assert tasks(world) == 0
    assert json.loads(run(world, "status", "local", "--json"))["state"] == "paused"
    assert "has not drifted" in run(world, "drift", "local", "--detailed-exitcode")
    assert "is paused" in run(world, "reconcile", "local", code=4)
    assert "is paused already" in run(world, "pause", "local")
    assert "local runs again" in run(world, "resume", "local")
    assert tasks(world) == 1
    target = described(world)["activeConfigurations"][0]["scalingTarget"]
    assert (target["minTaskCount"], target["maxTaskCount"]) == (1, 3)
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_a_declared_pause_waits_and_the_next_deployment_ends_it(world: Checkout) -> None:
    key = "  on_unhealthy: rollback\n"
    world.edit(key, f"{key}  paused: true\n")
    assert "local is paused, as env/local.yaml declares" in run(world, "reconcile", "local")
    level(world, "INFO", "DEBUG")
    assert "a deployment would start it" in run(world, "plan", "local")
    run(world, "reconcile", "local")
    assert tasks(world) == 0
    world.edit("  paused: true\n", "")
    run(world, "reconcile", "local")
    assert tasks(world) == 1
    assert held(world)["LOGGING_LEVEL"] == "DEBUG"
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_a_restart_brings_new_tasks_of_the_same_release(world: Checkout) -> None:
    before = deployments(world)
    release = held(world)["APP_RELEASE"]
    run(world, "restart", "local")
    assert len(deployments(world)) == len(before) + 1
    assert held(world)["APP_RELEASE"] == release


def test_a_rollback_brings_an_older_release_back_and_holds(world: Checkout) -> None:
    run(world, *approved(world, "local", "--to", "1"))
    newest = listed(world)[0]
    assert (newest["rollback_to"], newest["outcome"], newest["live"]) == (1, "healthy", True)
    assert held(world)["LOGGING_LEVEL"] == "DEBUG"
    run(world, *resumed(world))


def test_adopt_says_that_it_is_not_there_yet(world: Checkout) -> None:
    words = ("adopt", "found", "--service", NAME, "--target", "ecs-express", "--endpoint", world.endpoint)
    said = run(world, *words, code=3)
    assert "adopt cannot write a manifest for such a service yet" in said
    assert not (world.root / "env" / "found.yaml").exists()


def test_an_environment_is_destroyed_and_created_again(world: Checkout) -> None:
    run(world, "destroy", "local", "--approve", NAME)
    assert client(world).describe_services(cluster="default", services=[ARN])["services"][0]["status"] == "INACTIVE"
    roles = {role["RoleName"] for role in aws.iam(world).list_roles()["Roles"]}
    assert roles & {"ExecutionRole", "TaskRole", "InfrastructureRole"} == set()
    run(world, "reconcile", "local")
    assert described(world)["status"]["statusCode"] == "ACTIVE"
    assert deployments(world)[0] == "SUCCESSFUL"


def test_a_creation_whose_answer_is_lost_is_continued_by_the_next_run(world: Checkout) -> None:
    run(world, "destroy", "local", "--approve", NAME)
    text, port = world.manifest.read_text(), str(world.ports["4566"])
    with stand_in(world.ports["4566"], damages=lambda call: call == "ecs:CreateExpressGatewayService") as other:
        world.share_keys(other.port)
        world.edit(f"127.0.0.1:{port} ", f"127.0.0.1:{other.port} ")
        run(world, "reconcile", "local", code=6)
    world.manifest.write_text(text)
    run(world, "reconcile", "local")
    assert deployments(world)[0] == "SUCCESSFUL"
    assert listed(world)[0]["outcome"] == "healthy"
    assert "Nothing to do" in run(world, "reconcile", "local")


def test_a_first_deployment_that_fails_is_told_and_can_be_repeated(world: Checkout) -> None:
    run(world, "destroy", "local", "--approve", NAME)
    tiny.install(world, tiny.BROKEN)
    said = run(world, "reconcile", "local", code=6)
    assert "failed" in said
    tiny.install(world)
    run(world, "reconcile", "local")
    assert listed(world)[0]["outcome"] == "healthy"


def by_hand(world: Checkout, **settings: str) -> None:
    """Deploy the serving configuration once more, as a person does with the AWS CLI."""
    [serving] = described(world)["activeConfigurations"]
    kept = {name: serving[name] for name in ("primaryContainer", "scalingTarget")}
    client(world).update_express_gateway_service(serviceArn=ARN, **kept, **settings)


def _settled(world: Checkout) -> None:
    """Wait until no deployment is under way."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        time.sleep(0.3)
        states = deployments(world)
        if states and not any(state in {"PENDING", "IN_PROGRESS"} for state in states):
            return
    raise AssertionError(deployments(world))
