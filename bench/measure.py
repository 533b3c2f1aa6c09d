"""Time commands in turns, and show what came out beside what is wanted."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import NamedTuple


@dataclass(frozen=True)
class Result:
    """One line: what was measured, the number, and the number it should be at most (or at least).

    `value` is None where a tool is missing; `note` says so, or gives what the number was made of.
    """

    name: str
    value: float | None
    unit: str = ""
    at_most: float | None = None
    at_least: float | None = None
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None when there is none, or nothing was measured."""
        if self.value is None or (self.at_most is None and self.at_least is None):
            return None
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )


class Times(NamedTuple):
    """Median seconds. `processor` is the processor time of all processes that the work started and waited for."""

    elapsed: float
    processor: float


def in_turns(work: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """The median times of each piece of work.

    Every round does each of them once, so that whatever else the machine is busy with meets all alike. The round
    before the first is not counted: it fills caches.
    """
    elapsed: dict[str, list[float]] = {name: [] for name in work}
    processor: dict[str, list[float]] = {name: [] for name in work}
    for number in range(rounds + 1):
        for name, do in work.items():
            begin, used = time.perf_counter(), _used_by_children()
            do()
            if number:
                elapsed[name].append(time.perf_counter() - begin)
                processor[name].append(_used_by_children() - used)
    return {name: Times(statistics.median(elapsed[name]), statistics.median(processor[name])) for name in work}


def _used_by_children() -> float:
    """The seconds of processor time of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def run(command: Sequence[str], *, cwd: str, env: Mapping[str, str], codes: Sequence[int] = (0,)) -> str:
    """Run a command to its end and return its output. Raises RuntimeError for an exit code beside `codes`."""
    done = subprocess.run(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=120
    )
    if done.returncode not in codes:
        raise RuntimeError(f"{' '.join(command[:3])} ended with {done.returncode}: {done.stderr[-800:]}")
    return done.stdout


def table(title: str, results: Sequence[Result]) -> str:
    """The results as lines for a terminal."""
    rows = [(each.name, _number(each), _target(each), _verdict(each), each.note) for each in results]
    head = ("", "measured", "target", "", "")
    widths = [max(len(row[column]) for row in [head, *rows]) for column in range(4)]
    lines = [
        "  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[4]]) for row in rows
    ]
    first = "  ".join(cell.ljust(width) for cell, width in zip(head, widths, strict=False))
    return "\n".join(line.rstrip() for line in [title, f"  {first}", *(f"  {line}" for line in lines)])


def as_json(sections: Mapping[str, Sequence[Result]]) -> str:
    """The same for programs."""
    data = {name: [{**asdict(each), "met": each.met} for each in results] for name, results in sections.items()}
    return json.dumps(data, indent=2)


def _number(result: Result) -> str:
    return "skipped" if result.value is None else f"{result.value:.2f}".rstrip("0").rstrip(".") + result.unit


def _target(result: Result) -> str:
    if result.at_most is not None:
        return f"<= {result.at_most:g}{result.unit}"
    return f">= {result.at_least:g}{result.unit}" if result.at_least is not None else ""


def _verdict(result: Result) -> str:
    return {True: "met", False: "missed", None: ""}[result.met]
