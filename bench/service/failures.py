"""How often several instances break the inbox's promises: `python -m bench.service.failures --instances 2 3 25`.

`--inbox file` gives each instance a file on its own disk, as on a platform whose disks end with their instance: what
the shared table is for. Everything runs on 127.0.0.1.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import NamedTuple

from bench.service.instances import Instances, instances, new_users
from tests.ansari_whatsapp.tables import independent
from tests.torture.people import parts_of

REDELIVERED, PAIRS, EDITS, FAILED_PARTS, KILLS, PER_KILL, STOPPED = 100, 40, 20, 20, 8, 19, 36
QUIET = 2.0  # seconds in which a second answer would come
TEMPORARY = 131000  # Meta, "Error codes": something went wrong; the part may be sent again


class Broken(NamedTuple):
    """How often a promise was broken."""

    times: int
    of: int

    def __str__(self) -> str:
        return f"{self.times} of {self.of}"


def redelivered(all_: Instances) -> Broken:
    """Messages that are delivered again, to any instance, and are answered twice."""
    users = new_users(REDELIVERED)
    for user in users:
        one, other = all_.any(), all_.any()
        all_.say(one, user, "a question", f"wamid.{user}")
        all_.say(other, user, "a question", f"wamid.{user}")
    all_.wait(users, lambda user: all_.has_whole(user, "a question"))
    time.sleep(QUIET)
    return Broken(sum(len(all_.got(user)) > len(parts_of("a question")) for user in users), len(users))


def inverted(all_: Instances) -> Broken:
    """Pairs of one user's messages, each delivered to another instance, whose answers come in the wrong order."""
    users = new_users(PAIRS)
    all_.change("backend", "faults", chunk_delay={"seconds": 0.002})
    for user in users:
        one, other = all_.two()
        all_.say(one, user, "a long question, first")
        all_.say(other, user, "question, second")
    all_.wait(users, lambda user: all_.has_whole(user, "question, second") and len(all_.got(user)) > 2)
    second = parts_of("question, second")
    return Broken(sum(tuple(all_.got(user)[-len(second) :]) != second for user in users), len(users))


def edits(all_: Instances) -> Broken:
    """Edits that arrive at another instance while the backend works, and are ignored."""
    users = new_users(EDITS)
    all_.change("backend", "faults", first_chunk_delay={"seconds": 1.0})
    for user in users:
        one, other = all_.two()
        wamid = all_.say(one, user, "question")
        all_.edit(other, user, "better question", wamid)
    all_.wait(users, all_.got_any)
    time.sleep(QUIET)
    return Broken(sum(tuple(all_.got(user)) != parts_of("better question") for user in users), len(users))


def failed_parts(all_: Instances) -> Broken:
    """Parts that Meta took and reports as failed, to any instance, and that are never sent again."""
    users = new_users(FAILED_PARTS)
    for user in users:
        all_.change("meta", "faults", failed_status={"code": TEMPORARY, "times": 1, "user": user})
        all_.say(all_.any(), user, "question")
        all_.wait([user], all_.got_any)
        time.sleep(0.1)  # for the status
    all_.wait(users, lambda user: len(all_.got(user)) > len(parts_of("question")))
    return Broken(sum(len(all_.got(user)) <= len(parts_of("question")) for user in users), len(users))


def killed(all_: Instances) -> Broken:
    """Acknowledged messages that are never answered, because an instance was killed and its disk is gone."""
    users: list[str] = []
    all_.change("backend", "faults", first_chunk_delay={"seconds": 1.0})
    for _ in range(KILLS):
        some = new_users(PER_KILL)
        for user in some:
            all_.say(all_.any(), user, "question")
        users += some
        all_.end(all_.any(), signal.SIGKILL)
    return _unanswered(all_, users)


def stopped(all_: Instances) -> Broken:
    """Acknowledged messages that are never answered, because their answers take longer than a stop waits."""
    users = new_users(STOPPED)
    all_.change("backend", "faults", first_chunk_delay={"seconds": 4.0})
    for user in users:
        all_.say(all_.any(), user, "question")
    all_.end(all_.any(), signal.SIGTERM)
    return _unanswered(all_, users)


def _unanswered(all_: Instances, users: list[str]) -> Broken:
    all_.wait(users, lambda user: all_.has_whole(user, "question"))
    return Broken(sum(not all_.has_whole(user, "question") for user in users), len(users))


CASES: dict[str, Callable[[Instances], Broken]] = {
    "redelivered messages answered twice": redelivered,
    "pairs of a user's messages answered in the wrong order": inverted,
    "edits ignored": edits,
    "failed parts never sent again": failed_parts,
    f"acknowledged messages lost in {KILLS} kills": killed,
    "acknowledged messages lost when an answer outlasts the stop": stopped,
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.service.failures", description=__doc__)
    parser.add_argument("--instances", type=int, nargs="+", default=[2, 3, 25])
    parser.add_argument("--inbox", choices=["table", "file"], default="table")
    options = parser.parse_args()
    with ExitStack() as stack:
        tables = stack.enter_context(independent()) if options.inbox == "table" else None
        for count in options.instances:
            begin = time.monotonic()
            lease = max(4.0, float(count))  # each instance reads the table every twelfth of it
            with instances(count, tables, lease=lease, DRAIN_SECONDS="1") as all_:
                for name, case in CASES.items():
                    broken = case(all_)
                    all_.calm()
                    sys.stdout.write(f"{count:2} instances, {options.inbox}: {name}: {broken}\n")
                    sys.stdout.flush()
            sys.stdout.write(f"{count:2} instances: {time.monotonic() - begin:.0f} s\n")


if __name__ == "__main__":
    main()
