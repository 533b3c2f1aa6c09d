"""Two processes at the same moment: one wins, the other is refused or finds nothing to do; their writes never mix."""

from __future__ import annotations

import itertools
import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.e2e import aws
from tests.ready import deployer
from tests.torture.gate import Call, Rule
from tests.torture.test_crashes import DEBUG, INFO, RECONCILE
from tests.torture.world import Environment, World, seeded

if TYPE_CHECKING:
    from types_boto3_apprunner.type_defs import InstanceConfigurationTypeDef

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


def test_a_deployment_that_somebody_else_starts_at_the_last_moment_is_waited_for(world: World) -> None:
    """App Runner answers UpdateService with InvalidStateException while another operation is under way."""
    runner = aws.apprunner(world.checkout)
    with world.environment() as environment:
        environment.must(*RECONCILE)
        environment.edit(DEBUG, INFO)
        arn = environment.arn()
        assert arn is not None
        begin = Rule("forward", 1, of="UpdateService", before=lambda: runner.start_deployment(ServiceArn=arn))
        done = environment.run(*RECONCILE, rule=begin)
        assert done.code == 0, done.said
        assert "START_DEPLOYMENT is under way: another user started it" in done.said
        assert [one.partition(" ")[0] for one in environment.deployments()] == [
            "CREATE_SERVICE",
            "START_DEPLOYMENT",
            "UPDATE_SERVICE",
        ]
        environment.check_running()
        assert environment.run("plan", "ENV", "--detailed-exitcode").code == 0


def test_a_change_that_somebody_else_makes_at_the_last_moment_is_not_overwritten(world: World) -> None:
    runner = aws.apprunner(world.checkout)
    with world.environment() as environment:
        environment.must(*RECONCILE)
        environment.edit(DEBUG, INFO)
        arn = environment.arn()
        assert arn is not None
        service = runner.describe_service(ServiceArn=arn)["Service"]
        other: InstanceConfigurationTypeDef = {
            "Cpu": "2048",
            "Memory": "4096",
            "InstanceRoleArn": service["InstanceConfiguration"]["InstanceRoleArn"],
        }
        begin = Rule(
            "forward",
            1,
            of="UpdateService",
            before=lambda: runner.update_service(ServiceArn=arn, InstanceConfiguration=other),
        )
        done = environment.run(*RECONCILE, rule=begin)
        assert done.code == 6, done.said
        assert "another operation has changed the service" in done.said
        assert [one.partition(" ")[0] for one in environment.deployments()] == ["CREATE_SERVICE", "UPDATE_SERVICE"]
