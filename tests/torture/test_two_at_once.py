"""Two processes at the same moment: one wins, the other is refused or finds nothing to do; their writes never mix."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from tests.e2e import aws
from tests.ready import deployer
from tests.torture.gate import Call, Rule
from tests.torture.test_crashes import DEBUG, INFO, RECONCILE
from tests.torture.world import Environment, World, seeded

pytestmark = pytest.mark.timeout(3600)


@pytest.mark.parametrize("name", ["create", "update"])
def test_one_deploys_and_the_other_does_not_write(world: World, name: str, *, full: bool) -> None:
    chance = random.Random(seeded(name))
    for _ in range(40 if full else 3):
        with world.environment() as environment:
            if name == "update":
                environment.must(*RECONCILE)
                environment.edit(DEBUG, INFO)
            before = len(environment.deployments())
            codes, calls = both(environment, chance.uniform(0, 0.5))
            assert min(codes) == 0, codes
            assert set(codes) <= {0, 4}, codes
            assert len(environment.deployments()) == before + 1
            assert one_after_the_other(calls)
            environment.must(*RECONCILE)
            assert environment.run("plan", "ENV", "--detailed-exitcode").code == 0
            environment.check_running()
        world.count("pairs")


def both(environment: Environment, apart: float) -> tuple[list[int], list[tuple[str, Call]]]:
    """Their exit codes, and every write with the process that made it, in order."""
    gate, codes = environment.world.gate, list[int]()
    gate.watch()
    pids: list[int] = []

    def go() -> None:
        done = deployer(environment.world.checkout.root, "reconcile", environment.name, started=pids.append)
        codes.append(done.returncode)

    threads = [threading.Thread(target=go) for _ in range(2)]
    threads[0].start()
    time.sleep(apart)
    threads[1].start()
    for thread in threads:
        thread.join()
    return codes, list(gate.by_process)


def one_after_the_other(writes: list[tuple[str, Call]]) -> bool:
    """Whether the writes of each come in one block, apart from what is said to the lock itself."""
    owners = [process for process, call in writes if not call.name.endswith("/lock")]
    assert owners
    changes = sum(one != other for one, other in itertools.pairwise(owners))
    return changes <= 1


def test_a_holder_that_was_killed_is_taken_over(world: World) -> None:
    """Of this machine at once, because its process is gone; of another one when its lock has expired."""
    ssm = aws.ssm(world.checkout)
    with world.environment() as environment:
        assert environment.run(*RECONCILE, rule=Rule("kill after", 5, of="writes")).code == -9
        name = f"{environment.ledger}/lock"
        left = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
        elsewhere = {**left, "host": "another-machine"}
        ssm.put_parameter(Name=name, Value=json.dumps(elsewhere), Overwrite=True)
        refused = environment.run(*RECONCILE)
        assert refused.code == 4
        assert "another-machine" in refused.said
        over = (datetime.now(UTC) - timedelta(seconds=1)).isoformat()
        ssm.put_parameter(Name=name, Value=json.dumps({**elsewhere, "expires": over}), Overwrite=True)
        environment.must(*RECONCILE)
        assert len(environment.deployments()) == 1
    world.count("takeovers")
