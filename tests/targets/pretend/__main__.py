"""Drive the deployer on the pretend platform, in the checkout of the current folder, whose local world runs.

`python -m tests.targets.pretend CHECKOUT` prints as JSON what came of each step: "" or a traceback. The platform is in
memory, so all steps are in this one process; the registration is the only thing that the deployer is told.
"""

from __future__ import annotations

import io
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, Final, NamedTuple

from deployer.manifest import targets
from tests.targets.pretend.manifest import NAME, SECTION

targets.register(NAME, SECTION)  # before anything imports the manifest's model

from deployer.__main__ import main  # noqa: E402
from deployer.aws.session import Session  # noqa: E402
from deployer.manifest.load import load_manifest  # noqa: E402
from deployer.manifest.reference import render_reference  # noqa: E402
from deployer.manifest.schema import json_schema  # noqa: E402
from deployer.targets import registry  # noqa: E402
from deployer.world_keys import keys_beside  # noqa: E402
from tests.targets.pretend.description import TEST_PLATFORM  # noqa: E402
from tests.targets.pretend.platform import Platform, Service, Status  # noqa: E402
from tests.targets.pretend.target import TestPlatform, make_platform  # noqa: E402

SERVICE: Final = "ansari-local-whatsapp"
LEDGER: Final = "/app-deployer/ansari-whatsapp/local/release"
SECTION_TEXT: Final = f"""\
service:
  target: {NAME}
  name: {SERVICE}
  size: small
  port: PORT
  probe_interval: 5
  roles: {{execution: ExecutionRole, task: TaskRole, managed: true}}
  on_unhealthy: rollback

"""


class Done(NamedTuple):
    """What a command did."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class World:
    """The checkout, the session of its AWS, and the platform."""

    def __init__(self, root: Path) -> None:
        self.manifest = root / "env" / "local.yaml"
        text = self.manifest.read_text()
        before, _, after = text.partition("service:\n")
        old, _, rest = after.partition("protect:")
        port = next(line.split()[1] for line in old.splitlines() if line.startswith("  port:"))
        self.before = text
        self.manifest.write_text(before + SECTION_TEXT.replace("PORT", port) + "protect:" + rest)
        aws = load_manifest(self.manifest).manifest.aws
        self.session = Session(aws.account, aws.region, aws.endpoint, keys_beside(self.manifest))
        self.platform: Platform = make_platform(self.session)
        self.target = TestPlatform(self.platform, time.time())

    def run(self, *arguments: str, code: int = 0, stdin: str = "") -> Done:
        out, err = io.StringIO(), io.StringIO()
        sys.stdin = io.TextIOWrapper(io.BytesIO(stdin.encode()))
        with redirect_stdout(out), redirect_stderr(err):
            found = main(arguments)
        done = Done(found, out.getvalue(), err.getvalue())
        assert found == code, f"{arguments} ended with {found}\n{done.out}\n{done.err}"
        return done

    def edit(self, old: str, new: str) -> Callable[[], None]:
        """Edit the manifest. Returns what undoes the edit."""
        text = self.manifest.read_text()
        assert text.count(old) == 1, old
        self.manifest.write_text(text.replace(old, new))

        def back() -> None:
            self.manifest.write_text(text)

        return back

    @property
    def service(self) -> Service:
        found = self.platform.find(SERVICE)
        assert found is not None
        return found

    def releases(self) -> list[Any]:
        return list(self.run("releases", "local", "--json").json)


def a_manifest_is_checked_against_the_section_of_its_target(world: World) -> None:
    world.run("check", "local")
    for old, new, says in (
        ("size: small", "cpu: 1 vCPU", "service of this target has no `cpu`"),
        ("size: small", "size: huge", "service.size has to be one of: small, large"),
        ("size: small", "sticky: true", "service.sticky cannot be used on this target"),
        (f"target: {NAME}", "target: test-platfrom", f"did you mean {NAME}?"),
        (f"  target: {NAME}\n", "", f"add `target: apprunner` or `target: ecs-express` or `target: {NAME}`"),
        ("execution: ExecutionRole, ", "", "service.roles.execution is missing"),
        ("size: small", "tasks: {least: 3, most: 2}", "service.tasks.most is below least"),
    ):
        back = world.edit(old, new)
        refused = world.run("check", "local", code=3)
        assert says in refused.out + refused.err, f"{says!r} is not in:\n{refused.out}{refused.err}"
        back()
    other = world.manifest.with_name("other.yaml")
    other.write_text(world.before.replace("environment: local", "environment: other"))
    assert load_manifest(other).manifest.service.target == "apprunner"
    other.unlink()


def the_schema_and_the_reference_show_both_sections(world: World) -> None:
    del world
    service = json_schema()["properties"]["service"]
    assert len(service["oneOf"]) == 3
    page = render_reference()
    assert "\n## service: apprunner\n" in page
    assert "\n## service: ecs-express\n" in page
    assert f"\n## service: {NAME}\n" in page
    assert f"\n## service: {NAME}: tasks\n" in page


def a_plan_of_a_new_service_needs_no_scaling_and_shows_what_is_not_used(world: World) -> None:
    plan = world.run("plan", "local", "--json").json
    kinds = {change["kind"] for change in plan["changes"]}
    assert "DeployService" in kinds
    assert "CreateScaling" not in kinds
    assert {change["address"] for change in plan["changes"] if change["kind"] == "PutRole"} == {
        "role ExecutionRole",
        "role TaskRole",
    }
    [unused] = [notice for notice in plan["notices"] if notice["kind"] == "IgnoredKey"]
    assert unused["address"] == "service.probe_interval"
    assert unused["detail"] == "not used: Test Platform sets it itself"


def a_reconcile_deploys_waits_proves_and_records(world: World) -> None:
    done = world.run("reconcile", "local")
    [release] = world.releases()
    assert (release["outcome"], release["target"], release["live"]) == ("healthy", NAME, True)
    assert release["operation"] == world.service.serving
    assert world.service.held["APP_RELEASE"] == release["id"]
    assert world.service.tags["managed-by"] == "deployer"
    assert f"reports {release['id']}" in done.err
    assert f"(service {SERVICE}) has started 1 tasks" in done.err


def a_second_reconcile_changes_nothing(world: World) -> None:
    before = world.platform.writes
    world.run("reconcile", "local")
    assert world.platform.writes == before
    assert world.run("plan", "local", "--detailed-exitcode").code == 0


def an_edit_is_a_second_release(world: World) -> None:
    world.edit("size: small", "size: large")
    world.run("reconcile", "local")
    assert [release["number"] for release in world.releases()] == [2, 1]
    assert world.service.revisions[world.service.serving]["settings"]["size"] == "large"


def a_value_that_is_set_reaches_containers_that_start(world: World) -> None:
    world.run("secret", "set", "local", "meta-webhook-verify-token", stdin="another-token-of-some-length\n")
    plan = world.run("plan", "local").out
    assert "containers that start read it now, those that run hold v1" in plan
    world.run("reconcile", "local")
    assert world.service.held["META_WEBHOOK_VERIFY_TOKEN"] == "another-token-of-some-length"


def a_parameter_that_containers_read_is_not_recreated(world: World) -> None:
    back = world.edit("whatsapp-under-maintenance: {kind: literal, value: false}", MAINTENANCE)
    plan = world.run("plan", "local", "--json", code=3).json
    assert "ParameterInUse" in {blocker["kind"] for blocker in plan["blockers"]}
    back()


MAINTENANCE: Final = "whatsapp-under-maintenance: {kind: secret, generate: 16}"


def an_unhealthy_release_is_rolled_back_by_the_platform_and_recorded(world: World) -> None:
    origins = next(line for line in world.manifest.read_text().splitlines() if line.startswith("  origins:"))
    back = world.edit(origins, '  origins: {kind: literal, value: "http://unhealthy.example"}')
    before = world.service.serving
    failed = world.run("reconcile", "local", code=5)
    assert "containers get them when they start" in failed.err
    assert f"(service {SERVICE}) deployment failed: the circuit breaker threshold was exceeded" in failed.err
    assert world.service.serving == before
    newest = world.releases()[0]
    assert newest["outcome"] == "failed"
    assert "the circuit breaker threshold was exceeded" in newest["why"]
    back()
    world.run("reconcile", "local")
    assert world.releases()[0]["outcome"] == "healthy"


def a_change_by_hand_is_drift_and_is_set_back(world: World) -> None:
    service = world.service
    now = service.revisions[service.serving]
    world.platform.update(service.arn, {**now, "settings": {**now["settings"], "size": "small"}})
    for _ in range(8):
        world.platform.find(SERVICE)
    drift = world.run("drift", "local", "--json").json["drift"]
    assert {item["address"]: (item["recorded"]["value"], item["live"]["value"]) for item in drift} == {
        "size": ("large", "small")
    }
    world.run("reconcile", "local")
    assert world.service.revisions[world.service.serving]["settings"]["size"] == "large"


def a_deployment_that_another_user_started_is_waited_for(world: World) -> None:
    """The platform does not refuse a second deployment, so the deployer must not start one."""
    service = world.service
    world.platform.update(service.arn, service.revisions[service.serving], pace=4)
    world.edit("size: large", "size: small")
    done = world.run("reconcile", "local")
    assert "a deployment is under way" in done.err, done.err
    assert world.service.revisions[world.service.serving]["settings"]["size"] == "small"


def an_interrupted_run_is_continued_and_deploys_once(world: World) -> None:
    world.edit("logging-level: {kind: literal, value: DEBUG}", "logging-level: {kind: literal, value: INFO}")
    world.target.interrupted = True
    stopped = world.run("reconcile", "local", code=130)
    assert f"operation revision/{SERVICE}/" in stopped.err
    assert "it cannot be cancelled" not in stopped.err
    deployed, count = len(world.service.deployments), len(world.releases())
    done = world.run("reconcile", "local")
    assert len(world.service.deployments) == deployed
    newest = world.releases()[0]
    assert len(world.releases()) == count + 1, done.err
    assert (newest["operation"], newest["outcome"]) == (world.service.serving, "healthy")


def the_verbs_that_only_read_know_it(world: World) -> None:
    status = world.run("status", "local", "--json").json
    assert status["service"] == "RUNNING"
    findings = world.run("doctor", "local", "--json").json["findings"]
    assert {"about": NAME, "state": "ok", "says": "it is in memory"}.items() <= {
        key: value for one in findings if one["about"] == NAME for key, value in one.items()
    }.items()
    own = world.run("logs", "local", "--operation", world.service.serving).out
    assert own.count("has started 1 tasks") == 1
    every = world.run("logs", "local", "--service", "--since", "1h").out
    assert every.count("has started 1 tasks") > 1
    world.run("verify", "local")
    assert f'"target": "{NAME}"' in world.run("releases", "local", "--json").out


def a_setting_of_the_creation_cannot_change(world: World) -> None:
    back = world.edit("  size: small\n", "  size: small\n  cluster: blue\n")
    plan = world.run("plan", "local", code=3)
    assert f"service {SERVICE} was created with cluster default, not blue: Test Platform cannot change that" in plan.out
    assert "write `cluster: default`" in plan.out
    back()


def what_only_this_platform_refuses_blocks_a_plan(world: World) -> None:
    """It is worded for people, a program reads its fields, and nothing is applied."""
    plans, writes = [], world.platform.writes
    for most in (21, 22):
        back = world.edit("  port: ", f"  tasks: {{least: 1, most: {most}}}\n  port: ")
        text = world.run("plan", "local", code=3).out
        assert f"cluster default of Test Platform has room for 20 tasks, not for {most}" in text
        assert "fix: write at most 20 as service.tasks.most" in text
        plans.append(world.run("plan", "local", "--json", code=3).json)
        refused = world.run("reconcile", "local", code=3)
        assert f"not for {most}" in refused.out + refused.err
        back()
    found = [blocker for plan in plans for blocker in plan["blockers"]]
    assert [(one["kind"], one["details"]) for one in found] == [
        ("FullCluster", {"cluster": "default", "tasks": 21, "room": 20}),
        ("FullCluster", {"cluster": "default", "tasks": 22, "room": 20}),
    ]
    assert found[0]["line"].startswith("local.yaml:"), found[0]["line"]
    assert world.platform.writes == writes


def it_is_restarted_and_cannot_be_paused(world: World) -> None:
    before = world.service.serving
    world.run("restart", "local")
    assert world.service.serving != before
    refused = world.run("pause", "local", code=3)
    assert "Test Platform cannot pause a service; nothing was changed" in refused.err


def a_rollback_brings_a_release_of_this_target_back(world: World) -> None:
    plan = world.run("plan", "local", "--rollback", "--to", "2", "--json").json
    assert [change["kind"] for change in plan["changes"]].count("DeployService") == 1
    world.run("rollback", "local", "--to", "2", "--approve", plan["fingerprint"])
    newest = world.releases()[0]
    assert (newest["rollback_to"], newest["outcome"]) == (2, "healthy")
    assert world.service.revisions[world.service.serving]["settings"]["size"] == "large"
    held = world.run("hold", "local", "--json").json
    world.run("resume", "local", "--approve", held["id"])


def a_rollback_to_a_release_of_another_target_is_refused(world: World) -> None:
    """The same environment on App Runner: the newest release was never deployed there."""
    here = world.manifest.read_text()
    world.manifest.write_text(world.before)
    plan = world.run("plan", "local", "--rollback", "--to", "2", code=3)
    assert f"release 2 ran on {NAME}, and the manifest chooses apprunner" in plan.out
    fresh = world.run("plan", "local", "--json").json
    kinds = {change["kind"] for change in fresh["changes"]}
    assert {"CreateScaling", "DeployService"} <= kinds
    assert "LeftBehind" in {notice["kind"] for notice in fresh["notices"]}
    assert len(world.releases()) > 2  # both read all records
    world.manifest.write_text(here)


def two_releases_are_compared(world: World) -> None:
    found = world.run("releases", "local", "--diff", "1", "2", "--json").json
    assert {"kind": "setting", "name": "size", "before": "small", "after": "large"} in found["differences"]


def an_environment_is_destroyed(world: World) -> None:
    world.run("destroy", "local", "--approve", SERVICE)
    assert world.service.status is Status.INACTIVE
    path = load_manifest(world.manifest).manifest.aws.parameter_path
    left = world.session.ssm.get_parameters_by_path(Path=path)["Parameters"]
    assert all(parameter["Type"] == "SecureString" for parameter in left)
    assert world.run("status", "local", "--json", code=0).json["service"] is None


STEPS: Final[tuple[Callable[[World], None], ...]] = (
    a_manifest_is_checked_against_the_section_of_its_target,
    the_schema_and_the_reference_show_both_sections,
    a_plan_of_a_new_service_needs_no_scaling_and_shows_what_is_not_used,
    a_reconcile_deploys_waits_proves_and_records,
    a_second_reconcile_changes_nothing,
    an_edit_is_a_second_release,
    a_value_that_is_set_reaches_containers_that_start,
    a_parameter_that_containers_read_is_not_recreated,
    an_unhealthy_release_is_rolled_back_by_the_platform_and_recorded,
    a_change_by_hand_is_drift_and_is_set_back,
    a_deployment_that_another_user_started_is_waited_for,
    an_interrupted_run_is_continued_and_deploys_once,
    the_verbs_that_only_read_know_it,
    a_setting_of_the_creation_cannot_change,
    what_only_this_platform_refuses_blocks_a_plan,
    it_is_restarted_and_cannot_be_paused,
    a_rollback_brings_a_release_of_this_target_back,
    a_rollback_to_a_release_of_another_target_is_refused,
    two_releases_are_compared,
    an_environment_is_destroyed,
)


def drive(root: Path) -> Mapping[str, str]:
    """Take every step. Returns the traceback of each by its name, "" for success."""
    os.chdir(root)
    world = World(root)
    registry.register(TEST_PLATFORM, lambda _: world.target)
    told: dict[str, str] = {}
    for step in STEPS:
        if any(told.values()):
            told[step.__name__] = "not taken: a step before it failed"
            continue
        try:
            step(world)
        except Exception:  # noqa: BLE001 -- the test shows it
            told[step.__name__] = traceback.format_exc()
        else:
            told[step.__name__] = ""
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(drive(Path(sys.argv[1]))))
