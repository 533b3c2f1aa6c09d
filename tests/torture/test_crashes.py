"""Crash at every boundary: killed before and after every write, and run again, nothing is lost or done twice."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.e2e import aws
from tests.torture.gate import Call, Kind, Rule
from tests.torture.world import Done, Environment, World, seeded

pytestmark = pytest.mark.timeout(3600)
SAMPLE = 1  # boundaries of each scenario that are tried on every run
RECONCILE = ("reconcile", "ENV")
DEBUG, INFO, WARNING = (f"logging-level: {{kind: literal, value: {level}}}" for level in ("DEBUG", "INFO", "WARNING"))


@dataclass(frozen=True)
class Scenario:
    """`prepare` leads up to the command that is killed; `finish` follows when it has succeeded."""

    name: str
    command: tuple[str, ...]
    prepare: Callable[[Environment], None] = lambda _: None
    stdin: str = ""
    finish: tuple[tuple[str, ...], ...] = ()

    def carry_out(self, environment: Environment, rule: Rule | None = None) -> Done:
        if self.command[0] == "rollback":
            return environment.roll_back(*self.command[2:], rule=rule)
        return environment.run(*self.command, stdin=self.stdin, rule=rule)


def deployed(environment: Environment) -> None:
    environment.must(*RECONCILE)


def edited(environment: Environment) -> None:
    deployed(environment)
    environment.edit(DEBUG, INFO)


def secret_set(environment: Environment) -> None:
    deployed(environment)
    environment.must("secret", "set", "ENV", "meta-app-secret", stdin="another-secret-of-the-app")


def two_releases(environment: Environment) -> None:
    edited(environment)
    environment.must(*RECONCILE)


def three_releases(environment: Environment) -> None:
    """Done twice, a rollback would go two releases back."""
    two_releases(environment)
    environment.edit(INFO, WARNING)
    environment.must(*RECONCILE)


def two_releases_and_a_newer_secret(environment: Environment) -> None:
    two_releases(environment)
    environment.must("secret", "set", "ENV", "meta-app-secret", stdin="another-secret-of-the-app")
    environment.must(*RECONCILE)


SECRET = "another-secret-of-the-app"


def secret_to_literal(environment: Environment) -> None:
    """A type that no overwrite changes: the parameter is deleted and recreated."""
    environment.edit(DEBUG, "logging-level: {kind: secret}")
    environment.must("secret", "set", "ENV", "logging-level", stdin="INFO")
    deployed(environment)
    environment.edit("logging-level: {kind: secret}", DEBUG)


def a_plain_secret(environment: Environment) -> None:
    """A secret that was written by hand as a String, and has to become a SecureString."""
    deployed(environment)
    ssm, path = aws.ssm(environment.world.checkout), f"{environment.root}/meta-app-secret"
    ssm.delete_parameter(Name=path)
    ssm.put_parameter(Name=path, Value="a-secret-that-was-readable", Type="String")


def a_leftover(environment: Environment) -> None:
    two_releases(environment)
    line = next(text for text in environment.manifest().splitlines() if text.startswith("  origins:"))
    environment.edit(line + "\n", "")
    environment.must(*RECONCILE)
    environment.edit(INFO, WARNING)


def paused_by_the_manifest(environment: Environment) -> None:
    deployed(environment)
    environment.declare_pause(paused=True)
    environment.must(*RECONCILE)
    environment.declare_pause(paused=False)


def edited_and_paused_by_the_manifest(environment: Environment) -> None:
    edited(environment)
    environment.declare_pause(paused=True)


def an_inbox(environment: Environment) -> None:
    deployed(environment)
    environment.declare_inbox()


def a_changed_inbox(environment: Environment) -> None:
    """An inbox of which everything was changed by hand that a person can change without losing its messages."""
    an_inbox(environment)
    environment.must(*RECONCILE)
    dynamodb, name = aws.client(environment.world.checkout, "dynamodb"), environment.table
    off = {"AttributeName": "gone", "Enabled": False}
    dynamodb.update_time_to_live(TableName=name, TimeToLiveSpecification=off)
    on = {"PointInTimeRecoveryEnabled": True}
    dynamodb.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=on)
    stream = {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}
    dynamodb.update_table(TableName=name, StreamSpecification=stream)
    dynamodb.update_table(TableName=name, DeletionProtectionEnabled=False)


SCENARIOS = (
    Scenario("create", RECONCILE),
    Scenario("update", RECONCILE, edited),
    Scenario("secret", RECONCILE, secret_set),
    Scenario(
        "secret set", ("secret", "set", "ENV", "meta-app-secret"), deployed, "another-secret-of-the-app", (RECONCILE,)
    ),
    Scenario("rollback", ("rollback", "ENV", "--to", "1"), two_releases),
    Scenario("rollback to the last healthy", ("rollback", "ENV"), three_releases),
    Scenario(
        "rollback with secrets",
        ("rollback", "ENV", "--to", "1", "--with-secrets"),
        two_releases_and_a_newer_secret,
    ),
    Scenario("type", RECONCILE, secret_to_literal),
    Scenario(
        "secret set over a String", ("secret", "set", "ENV", "meta-app-secret"), a_plain_secret, SECRET, (RECONCILE,)
    ),
    Scenario("prune", ("reconcile", "ENV", "--prune"), a_leftover),
    Scenario("inbox", RECONCILE, an_inbox),
    Scenario("changed inbox", RECONCILE, a_changed_inbox),
    Scenario("declared pause", RECONCILE, edited_and_paused_by_the_manifest),
    Scenario("end of a declared pause", RECONCILE, paused_by_the_manifest),
)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_killed_at_a_write_and_run_again_it_ends_as_if_undisturbed(
    world: World, scenario: Scenario, *, full: bool
) -> None:
    with world.environment() as environment:
        scenario.prepare(environment)
        assert scenario.carry_out(environment).code == 0
        writes = world.gate.writes()
        finish(environment, scenario)
        wanted = environment.state()
    boundaries: list[tuple[int, Kind]] = [
        (number, kind) for number in range(1, len(writes) + 1) for kind in ("kill before", "kill after")
    ]
    if not full:
        boundaries = random.Random(seeded(scenario.name)).sample(boundaries, min(SAMPLE, len(boundaries)))
    for number, kind in boundaries:
        with world.environment() as environment:
            scenario.prepare(environment)
            rule = Rule(kind, number, of="writes")
            before = environment.values()
            killed = scenario.carry_out(environment, rule)
            where = f"{kind} write {number}, {rule.hit}"
            assert killed.code == -9, where
            if "--prune" not in scenario.command:
                assert before <= environment.values(), f"{where}: a value is lost"
            if given_back(writes, number, kind) and scenario.command == ("rollback", "ENV"):
                continue  # it was done and said so: given again, it means one more
            end_well(environment, scenario, wanted, where)
        world.count("crashes")
    if calls := [call for call in writes if deletes_a_value(call) or call.service == "dynamodb"]:
        killed_after_each(world, scenario, calls, wanted)


def killed_after_each(world: World, scenario: Scenario, calls: list[Call], wanted: dict[str, Any]) -> None:
    """Each run is killed after the next of these calls, in one environment, until one is left alone."""
    with world.environment() as environment:
        scenario.prepare(environment)
        before = environment.values()
        for call in calls:
            rule = Rule("kill after", 1, of=call)
            killed = scenario.carry_out(environment, rule)
            assert killed.code == -9, f"it did not come to {call}: {killed.said}"
            if "--prune" not in scenario.command:
                assert before <= environment.values(), f"{call}: a value is lost"
            world.count("crashes")
        end_well(environment, scenario, wanted, f"killed after {', '.join(map(str, calls))}")


def end_well(environment: Environment, scenario: Scenario, wanted: dict[str, Any], where: str) -> None:
    """The command is given again, and everything is as if it had never been killed."""
    again = scenario.carry_out(environment)
    assert again.code == 0, f"{where}\n{again.said}"
    finish(environment, scenario)
    found = environment.state()
    if scenario.command[0] == "secret":  # said again, it is written again: only a person knows what was meant
        for state in (found, wanted):
            forget_versions(state)
    assert found == wanted, where
    if scenario.command[0] == "rollback":
        assert environment.run(*RECONCILE).code == 4, f"{where}: it is not held"


def deletes_a_value(call: Call) -> bool:
    """Whether a parameter of the service is deleted, to be recreated or because nothing needs it any more."""
    return call.operation == "DeleteParameter" and call.name.startswith("/app-runtime/")


def given_back(writes: list[Call], number: int, kind: Kind) -> bool:
    """Whether the lock was deleted before the end."""
    return kind == "kill after" and number == len(writes) and str(writes[-1]) == "ssm:DeleteParameter"


def finish(environment: Environment, scenario: Scenario) -> None:
    for command in scenario.finish:
        environment.must(*command)
    if scenario.command[0] == "reconcile":
        assert environment.run("plan", "ENV", "--detailed-exitcode").code == 0
    environment.check_running()
    environment.world.count("deployments", len(environment.deployments()))


def forget_versions(state: dict[str, object]) -> None:
    parameters, releases = state["parameters"], state["releases"]
    assert isinstance(parameters, dict)
    assert isinstance(releases, list)
    parameters["meta-app-secret"] = parameters["meta-app-secret"][:2]
    for release in releases:
        release["versions"] = {**release["versions"], "META_APP_SECRET": 0}
