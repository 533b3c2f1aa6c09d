"""All parameters written from nothing: one process of ours against one AWS CLI call for each."""

from __future__ import annotations

import itertools
from collections.abc import Callable

from bench.measure import Result, in_turns
from bench.world import World

COUNT = 14
TARGET = 10


def measure(world: World, rounds: int) -> list[Result]:
    """Both from process start to exit. Fewer rounds than elsewhere: one takes as long as COUNT starts of the CLI."""
    name = f"{COUNT} parameters from nothing"
    if world.aws is None:
        return [Result(name, None, "x", at_least=TARGET, note="no aws on the PATH")]
    fresh = (f"/bench/{number}" for number in itertools.count())
    work: dict[str, Callable[[], object]] = {
        "ours": lambda: world.python("bench.put", world.checkout.endpoint, next(fresh), str(COUNT)),
        "aws": lambda: _one_by_one(world, next(fresh)),
    }
    taken = in_turns(work, min(rounds, 3))
    seconds = {which: times.elapsed for which, times in taken.items()}
    note = f"{seconds['ours'] * 1000:.0f} ms against {seconds['aws'] * 1000:.0f} ms of aws, {COUNT} times"
    return [Result(name, seconds["aws"] / seconds["ours"], "x", at_least=TARGET, note=note)]


def _one_by_one(world: World, path: str) -> None:
    for number in range(COUNT):
        kind = "SecureString" if number % 2 else "String"
        name = f"{path}/variable-{number}"
        world.aws_cli("ssm", "put-parameter", "--name", name, "--value", f"value-{number}", "--type", kind)
