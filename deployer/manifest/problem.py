"""A problem of a manifest and its position: shown to a person as text, or to a program as JSON."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from deployer.errors import InvalidManifest as InvalidManifestError
from deployer.errors import error_lines


class Position(NamedTuple):
    """A position in a file. Both numbers count from 1, in characters."""

    line: int
    col: int


class Finding(NamedTuple):
    """One problem before its source line is added."""

    position: Position
    what: str
    why: str = ""
    fix: str = ""


class Problem(NamedTuple):
    """One problem on its line.

    `source` is that line as far as it may be shown, with `***` for the rest; `caret` is the offset in it, from 0.
    """

    file: str
    line: int
    col: int
    what: str
    why: str = ""
    fix: str = ""
    source: str = ""
    caret: int = 0

    def __str__(self) -> str:
        """`env/staging.yaml:17:5: what`, the line with a caret, why, and the fix."""
        first, *more = error_lines(f"{self.file}:{self.line}:{self.col}: {self.what}", self.why, self.fix)
        excerpt = []
        if self.source:
            number = f"  {self.line} | "
            excerpt = [number + self.source, " " * (len(number) - 2) + "| " + " " * self.caret + "^"]
        return "\n".join([first, *excerpt, *more])


def in_order(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each problem once, by file and position; those of one position keep their order."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda problem: (problem.file, problem.line, problem.col)))


class InvalidManifest(InvalidManifestError):
    """Every problem of one or several manifests, in the order of their lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = in_order(problems)
        count = len(self.problems)
        files = ", ".join(dict.fromkeys(problem.file for problem in self.problems))
        super().__init__(f"{files}: {count} problem{'' if count == 1 else 's'}")

    def __str__(self) -> str:
        """The count, then each problem, separated by empty lines."""
        return "\n\n".join([self.what, *map(str, self.problems)])
