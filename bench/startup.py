"""Whole commands, from process start to exit, against one call of the AWS CLI to the same endpoint."""

from __future__ import annotations

from collections.abc import Callable

from bench.measure import Result, in_turns
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
    seconds = in_turns({"aws": lambda: world.aws_cli(*read), **work}, rounds)
    one = seconds["aws"]
    return [
        Result(
            _name(command),
            seconds[_name(command)] / one,
            at_most=target,
            note=f"{seconds[_name(command)] * 1000:.0f} ms against {one * 1000:.0f} ms of aws",
        )
        for command, target in TARGETS.items()
    ]


def _name(command: tuple[str, ...]) -> str:
    return " ".join(["deployer", *command])
