"""`deployer plan`, from process start to exit, for a manifest with more and more variables."""

from __future__ import annotations

import re

from bench.measure import Result, in_turns
from bench.world import World

SIZES = (14, 1000, 2000, 4000)
AT_MOST = 3.0  # times the plan for the first size
LINEAR = 1.25  # how much more a variable may cost in the largest manifest than in the second


def measure(world: World, rounds: int) -> list[Result]:
    """The service gets a setting for every variable, for `plan` refuses what the service would not read.

    The checkout is as before afterwards.
    """
    settings = world.checkout.root / "ansari_whatsapp" / "settings.py"
    before = {path: path.read_text() for path in (world.manifest, settings)}
    seconds: dict[int, float] = {}
    try:
        for size in SIZES:
            more = range(size - before[world.manifest].count("{kind: "))
            lines = "".join(f"  more-{n}: {{kind: literal, value: https://{n}.example.org}}\n" for n in more)
            world.manifest.write_text(before[world.manifest] + lines)
            fields = "".join(f'    more_{n}: str = ""\n' for n in more)
            settings.write_text(re.sub(r"(?m)^    port: ", fields + r"\g<0>", before[settings], count=1))
            work = {"plan": lambda: world.deployer("plan", "local")}
            seconds[size] = in_turns(work, max(2, min(rounds, 5)))["plan"]
    finally:
        for path, text in before.items():
            path.write_text(text)
    first = seconds[SIZES[0]]
    each = {size: (seconds[size] - first) / (size - SIZES[0]) for size in SIZES[1:]}
    ratios = [
        Result(
            f"plan for {size} variables, to that for {SIZES[0]}",
            seconds[size] / first,
            "x",
            at_most=AT_MOST if size == SIZES[1] else None,
            note=f"{seconds[size] * 1000:.0f} ms; {each[size] * 1e6:.0f} us for each more",
        )
        for size in SIZES[1:]
    ]
    growth = each[SIZES[-1]] / each[SIZES[1]]
    return [*ratios, Result(f"one variable of {SIZES[-1]}, to one of {SIZES[1]}", growth, "x", at_most=LINEAR)]
