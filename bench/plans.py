"""`deployer plan`, from process start to exit, for a manifest with more and more variables."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from bench.measure import Result, in_turns
from bench.world import World

SIZES = (14, 1000, 2000, 4000)
AT_MOST = 3.0  # times the plan for the first size
LINEAR = 1.25  # how much more a variable may cost in the largest manifest than in the second

BLOCKED = 3  # what is too large to be released is planned and shown all the same


def measure(world: World, rounds: int) -> list[Result]:
    """The checkout is as before afterwards."""
    settings = world.checkout.root / "ansari_whatsapp" / "settings.py"
    before = {path: path.read_text() for path in (world.manifest, settings)}
    work = {str(size): _plan(world, size, before) for size in SIZES}
    try:
        taken = in_turns(work, min(rounds, 7))
    finally:
        for path, text in before.items():
            path.write_text(text)
    seconds = {size: taken[str(size)].elapsed for size in SIZES}
    first = seconds[SIZES[0]]
    each = {size: (seconds[size] - first) / (size - SIZES[0]) for size in SIZES[1:]}
    ratios = [
        Result(
            f"plan for {size} variables, to that for {SIZES[0]}",
            seconds[size] / first,
            "x",
            at_most=AT_MOST if size == SIZES[1] else None,
            note=f"{seconds[size] * 1000:.0f} ms against {first * 1000:.0f}; {each[size] * 1e6:.0f} us for each more",
        )
        for size in SIZES[1:]
    ]
    growth = each[SIZES[-1]] / each[SIZES[1]]
    return [*ratios, Result(f"one variable of {SIZES[-1]}, to one of {SIZES[1]}", growth, "x", at_most=LINEAR)]


def _plan(world: World, size: int, before: dict[Path, str]) -> Callable[[], object]:
    """A plan with `size` variables.

    The service gets a setting for each, for `plan` refuses what the service would not read. Its compiled form is
    kept by size and its date does not move, so that only the first plan of a size compiles it.
    """
    manifest, settings = before
    more = range(size - before[manifest].count("{kind: "))
    variables = before[manifest] + "".join(
        f"  more-{n}: {{kind: literal, value: https://{n}.example.org}}\n" for n in more
    )
    fields = "".join(f'    more_{n}: str = ""\n' for n in more)
    service = re.sub(r"(?m)^    port: ", fields + r"\g<0>", before[settings], count=1)
    compiled = str(world.checkout.root / ".bench" / str(size))

    def plan() -> None:
        manifest.write_text(variables)
        settings.write_text(service)
        os.utime(settings, (size, size))
        shown = world.deployer("plan", "local", codes=(0, BLOCKED), PYTHONPYCACHEPREFIX=compiled)
        if more and f"MORE_{more[-1]} " not in shown:
            raise RuntimeError(f"the plan for {size} variables does not show the last of them")

    return plan
