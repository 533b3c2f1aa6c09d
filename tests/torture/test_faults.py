"""Each kind of fault on every call in turn: the run gets over it, or says what happened; nothing is half done."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

import pytest

from tests.torture.gate import FAULTS, Kind, Rule
from tests.torture.test_crashes import DEBUG, INFO, RECONCILE
from tests.torture.world import Environment, World, seeded

pytestmark = pytest.mark.timeout(7200)
SAMPLE = 6
CODES = {1, 3, 4, 5, 6}


@dataclass(frozen=True)
class Case:
    kind: Kind
    number: int
    lasts: bool


def cases(calls: int, name: str, *, full: bool) -> list[Case]:
    """Every fault once at every call; those that no retry helps against also for ever."""
    once = [Case(kind, number, lasts=False) for kind in FAULTS for number in range(1, calls + 1)]
    ever = [Case("denied", number, lasts=True) for number in range(1, calls + 1)]
    chance = random.Random(seeded(name))
    if full:  # what the client asks again takes half a minute to give up
        patient = [Case(kind, chance.randrange(1, calls + 1), lasts=True) for kind in FAULTS if kind != "denied"]
        return once + ever + patient
    return chance.sample(once, SAMPLE) + chance.sample(ever, SAMPLE // 2)


@pytest.mark.parametrize("name", ["create", "update"])
def test_a_fault_is_got_over_or_said_and_nothing_is_half_done(world: World, name: str, *, full: bool) -> None:
    with world.environment() as environment:
        prepare(environment, name)
        environment.must(*RECONCILE)
        calls = len(world.gate.calls)
        wanted = environment.state()
    for case in cases(calls, name, full=full):
        with world.environment() as environment:
            prepare(environment, name)
            rule = Rule(case.kind, case.number, lasts=case.lasts)
            done = environment.run(*RECONCILE, rule=rule)
            written = [call for call in world.gate.writes() if not call.name.endswith("/lock")]
            where = f"{case} at {rule.hit}\n{done.said}"
            if done.code:
                assert done.code in CODES, where
                assert len(re.findall(r"^error: ", done.said, re.MULTILINE)) == 1, where
                assert "  fix: " in done.said, where
                assert done.code != 1 or len(written) <= 1, where  # 1 says that nothing was changed
            environment.must(*RECONCILE)
            found = environment.state()
            assert found["deployments"] == wanted["deployments"], where
            for state in (found, wanted):
                without_versions(state)
            assert found == wanted, where
            assert environment.run("plan", "ENV", "--detailed-exitcode").code == 0, where
            environment.check_running()
        world.count("faults")


def test_a_record_whose_answer_was_lost_counts_once(world: World) -> None:
    with world.environment() as environment:
        prepare(environment, "update")
        environment.must(*RECONCILE)
        number = max(
            at for at, call in enumerate(world.gate.calls, 1) if call.name.endswith("/release") and call.writes
        )
    with world.environment() as environment:
        prepare(environment, "update")
        done = environment.run(*RECONCILE, rule=Rule("reset after", number))
        assert "Release 2 (" in done.said, done.said
        then = environment.run("plan", "ENV", "--detailed-exitcode")
        assert (then.code, "live release 2," in then.said) == (0, True), then.said


def test_half_of_a_change_is_not_nothing(world: World) -> None:
    with world.environment() as environment:
        environment.must(*RECONCILE)
        number = next(at for at, call in enumerate(world.gate.calls, 1) if call.operation == "PutRolePolicy")
    with world.environment() as environment:
        done = environment.run(*RECONCILE, rule=Rule("denied", number))
        assert (done.code, ", after 0 of " in done.said) == (6, True), done.said
        environment.must(*RECONCILE)


def prepare(environment: Environment, name: str) -> None:
    if name == "update":
        environment.must(*RECONCILE)
        environment.edit(DEBUG, INFO)


def without_versions(state: dict[str, object]) -> None:
    """A write whose answer was lost is sent again, and counts twice: SSM makes a version of each."""
    parameters, releases = state["parameters"], state["releases"]
    assert isinstance(parameters, dict)
    assert isinstance(releases, list)
    state["parameters"] = {name: found[:2] for name, found in parameters.items()}
    state["releases"] = [{**release, "versions": {}} for release in releases]
