"""Whole commands, from process start to exit, against one call of the AWS CLI to the same endpoint."""

from __future__ import annotations

from collections.abc import Callable

from bench.measure import Result, Times, in_turns
from bench.world import PARAMETERS, World

TARGETS = {
    ("reconcile", "local"): 0.85,
    ("plan", "local"): 0.85,
    ("check",): 0.5,
    ("--help",): 0.3,
}


def measure(world: World, rounds: int) -> list[Result]:
    """The world has to be as its manifest says, so that a reconcile finds nothing to do."""
    work: dict[str, Callable[[], object]] = {
        _name(command): lambda command=command: world.deployer(*command)  # type: ignore[misc]
        for command in TARGETS
    }
    if world.aws is None:
        note = "no aws on the PATH"
        return [Result(_name(command), None, at_most=target, note=note) for command, target in TARGETS.items()]
    read = ("ssm", "get-parameters-by-path", "--path", PARAMETERS, "--recursive")
    taken = in_turns({"aws": lambda: world.aws_cli(*read), **work}, rounds)
    return [_result(command, taken[_name(command)], taken["aws"], target) for command, target in TARGETS.items()]


def _result(command: tuple[str, ...], own: Times, aws: Times, target: float) -> Result:
    """The ratio of elapsed time, with that of processor time in the note: other work on the machine changes it less."""
    return Result(
        _name(command),
        own.elapsed / aws.elapsed,
        at_most=target,
        note=f"{own.elapsed * 1000:.0f} ms against {aws.elapsed * 1000:.0f} ms of aws;"
        f" {own.processor / aws.processor:.2f} by processor time",
    )


def _name(command: tuple[str, ...]) -> str:
    return " ".join(["deployer", *command])
