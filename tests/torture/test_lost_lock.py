"""A run that slept while its lock was broken writes nothing after the other run's first write."""

from __future__ import annotations

import os
import random
import re
import signal
import threading
from dataclasses import dataclass

import pytest

from tests.ready import deployer
from tests.torture.gate import Call, Rule
from tests.torture.test_crashes import DEBUG, INFO, RECONCILE, WARNING
from tests.torture.world import Environment, World, seeded

pytestmark = pytest.mark.timeout(3600)
APART = 60  # seconds until the first run has reached its stop, or ended


@dataclass
class Slept:
    """How the run ended that was stopped, and every write with the process that made it, in order."""

    code: int
    said: str
    process: int
    writes: list[tuple[int, Call]]


PAUSE, RESUME = ("pause", "ENV"), ("resume", "ENV")
COMMANDS = {"edit": RECONCILE, "rollback": ("rollback", "ENV"), "pause": PAUSE, "resume": RESUME}


@pytest.mark.parametrize("chosen", COMMANDS)
def test_no_write_lands_after_the_other_run_s_first(world: World, chosen: str, *, full: bool) -> None:
    command = COMMANDS[chosen]
    stops = where_it_holds_the_lock(world, command)
    if not full:
        stops = sample(world, stops, chosen)
    for number in stops:
        with world.environment() as environment:
            prepare(environment, command)
            slept = sleeps_through(environment, command, number)
            first = next((place for place, (pid, _) in enumerate(slept.writes) if pid != slept.process), None)
            assert first is not None
            late = [call for pid, call in slept.writes[first:] if pid == slept.process]
            assert late == [], f"stopped at call {number}: {late}"
            assert slept.code in {0, 4, 6}, slept.said  # 4: it had changed nothing yet, and found its plan stale
            assert (slept.code != 6) or "lost the lock" in slept.said, slept.said
            assert environment.held()["LOGGING_LEVEL"] == "WARNING"
            environment.check_running()
            assert environment.run("plan", "ENV", "--detailed-exitcode").code == 0
            assert "lock" not in environment.parameters(environment.ledger)
        world.count("lost locks")


def prepare(environment: Environment, command: tuple[str, ...]) -> None:
    environment.must(*RECONCILE)
    if command in {PAUSE, RESUME}:
        if command == RESUME:
            environment.must(*PAUSE)
        return
    environment.edit(DEBUG, INFO)
    if command != RECONCILE:
        environment.must(*RECONCILE)


def where_it_holds_the_lock(world: World, command: tuple[str, ...]) -> list[int]:
    """The numbers of the calls of an undisturbed run from the lock's creation to its deletion."""
    with world.environment() as environment:
        prepare(environment, command)
        environment.must(*command, *approval(environment, command))
        calls = world.gate.calls
        at = [number for number, call in enumerate(calls, 1) if call.writes and call.name.endswith("/lock")]
        return list(range(at[0] + 1, at[-1]))


def sample(world: World, stops: list[int], chosen: str) -> list[int]:
    """While an edit waits for its deployment or reads the lock right before writing it; right before a pause or resume
    is sent; anywhere in a rollback.
    """
    calls = [(call.operation, call.name.rpartition("/")[2]) for call in world.gate.calls]
    match chosen:
        case "edit":
            waits = [number for number in stops if calls[number - 1][0] == "ListOperations"]
            proof = [("GetParameter", "lock"), ("PutParameter", "lock")]
            reads = [number for number in stops if calls[number - 1 : number + 1] == proof]
            return [waits[0], reads[0]]
        case "pause" | "resume":
            sent = next(number for number in stops if calls[number - 1][0] in {"PauseService", "ResumeService"})
            return [sent - 1]
        case _:
            return [random.Random(seeded(chosen)).choice(stops)]


def approval(environment: Environment, command: tuple[str, ...]) -> list[str]:
    """What a rollback needs where no terminal can ask."""
    if command[0] != "rollback":
        return []
    said = environment.must("plan", "ENV", "--rollback")
    found = re.search(r"^Plan ([0-9a-f]{12})", said, re.MULTILINE)
    assert found, said
    return ["--approve", found[1]]


def sleeps_through(environment: Environment, command: tuple[str, ...], number: int) -> Slept:
    """Stop a run at a call, break its lock, let another run reconcile another edit, and wake the first."""
    gate, ended = environment.world.gate, list[tuple[int, str, int]]()
    words = [environment.name if word == "ENV" else word for word in command] + approval(environment, command)
    gate.watch(Rule("stop", number))
    gate.stopped.clear()

    def victim(pid: int) -> None:
        gate.victim = pid

    def go() -> None:
        done = deployer(environment.world.checkout.root, *words, started=victim)
        ended.append((done.returncode, done.stdout + done.stderr, gate.victim))

    run = threading.Thread(target=go)
    run.start()
    if not gate.stopped.wait(APART):
        raise AssertionError(f"it was not stopped at call {number}: {ended}")
    try:
        environment.edit(DEBUG if DEBUG in environment.manifest() else INFO, WARNING)
        parameters = environment.parameters(environment.ledger)
        if lock := parameters.get("lock"):
            beside(environment, "unlock", "--approve", re.findall(r'"id": "(\w+)"', lock["Value"])[0])
        if "hold" in parameters:
            hold = re.findall(r'"id": "(\w+)"', parameters["hold"]["Value"])
            beside(environment, "resume", *(["--approve", hold[0]] if hold else []))
        if environment.status() == "PAUSED":
            beside(environment, "resume", "--old-release-first")
        beside(environment, "reconcile")
    finally:
        os.kill(gate.victim, signal.SIGCONT)
    run.join()
    code, said, process = ended[0]
    writes = [(int(re.findall(r"pid#(\d+)", agent)[0]), call) for agent, call in gate.by_process]
    return Slept(code, said, process, writes)


def beside(environment: Environment, verb: str, *options: str) -> None:
    done = deployer(environment.world.checkout.root, verb, environment.name, *options)
    assert done.returncode == 0, done.stdout + done.stderr
