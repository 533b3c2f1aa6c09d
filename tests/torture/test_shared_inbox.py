"""Three instances on one table are killed, stopped, slowed down and cut off: nothing is lost, doubled or inverted."""

from __future__ import annotations

import random
import re
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pytest

from tests.ansari_whatsapp.tables import Tables
from tests.ansari_whatsapp.world import until
from tests.torture.dynamo_proxy import Faults, Sabotage
from tests.torture.flaky import MORE, lost_replies, make_flaky
from tests.torture.fleet import LEASE, Fleet, fleet
from tests.torture.people import NO_ANSWER_FOR, Person, writing

FAULTY = Faults(
    throttled=0.01,
    error=0.01,
    lost_request=0.005,
    lost_reply=0.01,
    slow=0.001,
    old_index=0.2,
    death_before=0.001,
    death_after=0.001,
)

LOSING: Final = 4  # people to whom Meta loses replies


def trouble(made: Fleet, stop: threading.Event, seed: int, done: Counter[str], pause: float) -> None:
    """End, stop and slow down instances at random, and start again what has ended.

    An instance has served before it is struck: on a slow machine the instances would do nothing but start.
    """
    chance = random.Random(seed)
    while not stop.wait(chance.uniform(0.2, pause)):
        for instance in made.instances:
            if not instance.running:
                instance.start()
        serving = [instance for instance in made.instances if made.up(instance)]
        if not serving:
            continue
        kind = chance.choice(["kill", "kill", "kill", "sleep", "term"])
        instance = chance.choice(serving)
        done[kind] += 1
        if kind == "kill":
            instance.signal(signal.SIGKILL)
        elif kind == "term":
            instance.signal(signal.SIGTERM)
        else:
            instance.signal(signal.SIGSTOP)
            stop.wait(LEASE * 1.5)
            instance.signal(signal.SIGCONT)
    for instance in made.instances:
        instance.signal(signal.SIGCONT)
        if not instance.running:
            instance.start()


@dataclass
class Run:
    """What a run did. `strikes` counts by their kind the instances that were ended or stopped."""

    people: list[Person] = field(default_factory=list)
    strikes: Counter[str] = field(default_factory=Counter)
    lost_replies: int = 0  # of Meta, after it had accepted a part


def run(
    made: Fleet,
    *,
    messages: int,
    users: int,
    seed: int,
    pause: float,
    strikes: int = 0,
    losing: int = 0,
    patience: float = NO_ANSWER_FOR,
) -> Run:
    """Write until so many messages are acknowledged and so many strikes are done, with trouble all the time.

    With `losing`, the backend and Meta fail too, and Meta loses replies to this many people.
    """
    done = Run()
    made.change("backend", "faults", chunk_delay={"seconds": 0.001})
    made.change("meta", "limits", window_seconds=None, throughput=None, pair=False)
    stop = threading.Event()
    made.faults(FAULTY)
    chaos = threading.Thread(target=trouble, args=(made, stop, seed, done.strikes, 4.0), daemon=True)
    with writing(made, users, seed, pause, patience) as people:
        done.people = people
        if losing:
            make_flaky(made, seed, [person.user for person in people[:losing]])
        chaos.start()
        try:
            while sum(len(person.answers) for person in people) < messages or done.strikes.total() < strikes:
                assert chaos.is_alive()
                time.sleep(0.2)
        finally:
            made.faults(Faults())
            stop.set()
            chaos.join(60)
        for instance in made.instances:  # a call that was under way may have ended one after the trouble was over
            until(lambda instance=instance: made.revive(instance), 60)
    done.lost_replies = lost_replies(made) if losing else 0
    return done


@pytest.mark.timeout(7200)
def test_whatever_dies_every_message_is_answered_once_and_in_order(tables: Tables, tmp_path: Path, full: bool) -> None:
    """Instances die, stop and sleep past their leases; the database, the backend and Meta fail.

    No answer is lost, and none comes out of its turn. Of eight people at most one part comes twice for each death, stop
    and sleep. To the other four Meta loses replies after it has accepted their part: of these, at most one more part
    comes twice for each such reply. It does if no instance gets Meta's status of the part within CONFIRM_SECONDS.
    """
    # A fleet for each 500 messages: the emulated index reads its whole table, so that it gets slower with each message.
    seeds, messages, strikes = ((1, 3, 5, 7), 500, 25) if full else ((2,), 60, 4)
    apart = (0.0, 1.0, -1.0)
    # Instances end every few seconds here, as no message could cause: none of these is given up for that. A webhook
    # that is not stored in time comes again, and keeps a slow machine busy with nothing else.
    more: dict[str, Any] = {"DEATHS": "1000", "COMMIT_SECONDS": "5", **MORE}
    for seed in seeds:
        folder = tmp_path / str(seed)
        folder.mkdir()
        with fleet(tables, folder, seed=seed, table=f"fleet-{seed}", clocks=apart, **more) as made:
            done = run(made, messages=messages, users=12, seed=seed, pause=1.5, strikes=strikes, losing=LOSING)
            again = [person.repeated() for person in done.people]
            deaths = sum(instance.deaths for instance in made.instances) + done.strikes.total()
        report(made, done, again)
        assert done.lost_replies
        assert sum(again[LOSING:]) <= deaths
        assert sum(again) <= deaths + done.lost_replies


@pytest.mark.timeout(1200)
def test_nothing_is_lost_doubled_or_inverted_with_another_engine(independent_tables: Tables, tmp_path: Path) -> None:
    """The same trouble, on an emulation of DynamoDB that is not ours."""
    more: dict[str, Any] = {"DEATHS": "1000", "COMMIT_SECONDS": "5"}
    with fleet(independent_tables, tmp_path, seed=4, table="fleet-independent", **more) as made:
        done = run(made, messages=20, users=4, seed=4, pause=1.0, strikes=2)
        again = [person.repeated() for person in done.people]
        deaths = sum(instance.deaths for instance in made.instances) + done.strikes.total()
    report(made, done, again)
    assert sum(again) <= deaths


def report(made: Fleet, done: Run, again: list[int]) -> None:
    written = sum(len(person.answers) for person in done.people)
    changed = sum(person.changed for person in done.people)
    redelivered = sum(person.redelivered for person in done.people)
    faults = sum((instance.proxy.made for instance in made.instances if instance.proxy), start=Counter[str]())
    print(f"\n{written} messages, {changed} changed, {redelivered} deliveries failed;")  # noqa: T201
    print(f"{dict(done.strikes)}; {dict(faults)}; {done.lost_replies} replies lost;")  # noqa: T201
    print(f"parts repeated: {sum(again)}, {sum(again[LOSING:])} of them without a lost reply")  # noqa: T201


@pytest.mark.timeout(600)
def test_clocks_that_differ_by_half_a_minute_double_and_lose_nothing(tables: Tables, tmp_path: Path) -> None:
    """No answer takes 20 seconds here, so that the fastest clock sees no lease end."""
    with fleet(tables, tmp_path, table="clocks", clocks=(0.0, 15.0, -15.0), LEASE_SECONDS="60") as made:
        with writing(made, users=6, seed=5, pause=0.5) as people:
            until(lambda: sum(len(person.answers) for person in people) >= 25, NO_ANSWER_FOR)
        assert sum(person.repeated() for person in people) == 0


@pytest.mark.timeout(600)
def test_an_index_that_lags_delays_the_work_of_a_dead_instance_and_nothing_else(
    tables: Tables, tmp_path: Path, full: bool
) -> None:
    with fleet(tables, tmp_path, count=2, seed=6, table="lag") as made:
        made.faults(Faults(index_lag=20.0 if full else 3.0))
        with writing(made, users=4, seed=6, pause=0.5) as people:
            until(lambda: sum(len(person.answers) for person in people) >= 10, NO_ANSWER_FOR)
            made.instances[0].signal(signal.SIGKILL)
            until(lambda: sum(len(person.answers) for person in people) >= 20, NO_ANSWER_FOR)
        assert sum(person.repeated() for person in people) <= 1
        assert made.made("index_lag")


def without(request: dict[str, Any], unneeded: Callable[[str], bool]) -> None:
    """Remove conditions from a write: each clause with its names in place of the placeholders."""
    names: dict[str, str] = request.get("ExpressionAttributeNames", {})
    clauses = request["ConditionExpression"][1:-1].split(") AND (")

    def readable(clause: str) -> str:
        return re.sub(r"#\d+", lambda found: names[found[0]], clause)

    request["ConditionExpression"] = " AND ".join(f"({each})" for each in clauses if not unneeded(readable(each)))
    used = " ".join((request["UpdateExpression"], request["ConditionExpression"]))
    for kind, mark in (("ExpressionAttributeNames", "#"), ("ExpressionAttributeValues", ":")):
        present = set(re.findall(rf"{mark}\d+", used))
        request[kind] = {name: value for name, value in request.get(kind, {}).items() if name in present}


def no_memory(operation: str, request: dict[str, Any]) -> None:
    """Messages that wait or were answered are not recognised."""
    if operation == "GetItem" and request["Key"]["sk"]["S"].startswith("m#"):
        request["Key"]["sk"]["S"] += "-none"
    if operation == "UpdateItem":
        without(request, lambda clause: re.match(r"attribute_not_exists\([tl]_", clause) is not None)


def no_queue(operation: str, request: dict[str, Any]) -> None:
    """A message takes the place of those that wait."""
    if operation == "UpdateItem":
        without(request, lambda clause: clause.startswith("attribute_not_exists(ids)"))


def no_fence(operation: str, request: dict[str, Any]) -> None:
    """The holder of an earlier lease can still write."""
    if operation == "UpdateItem":
        without(request, lambda clause: clause.startswith("own ="))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("sabotage", [no_memory, no_queue, no_fence])
def test_a_missing_condition_is_noticed(tables: Tables, tmp_path: Path, full: bool, sabotage: Sabotage) -> None:
    if sabotage is no_fence and not full:
        pytest.skip("it takes some hundred messages")
    name = sabotage.__name__.replace("_", "-")
    messages = 600 if sabotage is no_fence else 40

    def checked(made: Fleet) -> None:
        for person in run(made, messages=messages, users=12, seed=3, pause=1.0, patience=25).people:
            person.repeated()

    wrong = r"not answered in its turn|have not come|after everything was answered"
    with (
        fleet(tables, tmp_path, seed=3, table=f"fleet-{name}", sabotage=sabotage) as made,
        pytest.raises(AssertionError, match=wrong),
    ):
        checked(made)
