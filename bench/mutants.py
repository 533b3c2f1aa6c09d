"""Change the code in small ways, one at a time, and list the changes that no test notices.

`just mutants deployer/core --sample 30`, as in docs/contributing/mutants.md. mutmut makes the changes, in a copy of the
working tree. For each change, only the tests run that reach its line.
"""

from __future__ import annotations

import argparse
import ast
import difflib
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Final, NamedTuple

import coverage
from mutmut.mutation.file_mutation import create_mutations

ROOT: Final = Path(__file__).parents[1]
PYTHON: Final = ROOT / ".venv" / "bin" / "python"  # tests start programs that are installed beside it
PACKAGES: Final = ("deployer/core", "deployer/manifest", "deployer/resources", "deployer/targets")
TESTS: Final = ("core", "golden", "manifest", "names", "records", "run", "targets", "view")
PYTEST: Final = ("-m", "pytest", "-x", "-q", "-n0", "-p", "no:cacheprovider", "--timeout=0")
PASSED, NONE_COLLECTED = 0, 5  # exit codes of pytest

Reach = Mapping[str, Mapping[int, Sequence[str]]]  # the tests that run a line, by file and line


class Mutant(NamedTuple):
    """A file of the project before and after a change, and the number of the first line that differs."""

    path: str
    line: int
    before: str
    after: str

    @property
    def difference(self) -> str:
        lines = difflib.unified_diff(self.before.splitlines(), self.after.splitlines(), n=0, lineterm="")
        return "\n".join(f"    {line}" for line in lines if not line.startswith(("---", "+++", "@@")))


def main() -> int:
    """Print each mutant that survives, and how many were killed. The exit code is 0: a mutant may change nothing."""
    options = argparse.ArgumentParser(prog="just mutants", description=__doc__)
    options.add_argument("path", nargs="*", default=PACKAGES, help=f"folders or files (default: {' '.join(PACKAGES)})")
    options.add_argument("--sample", type=int, default=30, metavar="N", help="how many mutants (default: 30)")
    options.add_argument("--seed", type=int, default=0, metavar="N", help="another seed draws other mutants")
    options.add_argument("--tests", nargs="+", default=TESTS, help=f"folders of tests/ (default: {' '.join(TESTS)})")
    options.add_argument("--timeout", type=int, default=600, metavar="SECONDS", help="of the tests of one mutant")
    options.add_argument("--processes", type=int, default=2, metavar="N")
    chosen = options.parse_args()
    folders = [f"tests/{name}" for name in chosen.tests]
    with tempfile.TemporaryDirectory(prefix="mutants-") as work:
        copies = [copy_project(Path(work) / str(number)) for number in range(chosen.processes)]
        mutants = draw(copies[0], chosen.path, chosen.sample, random.Random(chosen.seed))  # noqa: S311 -- a sample
        with ThreadPoolExecutor(chosen.processes) as pool:
            reach = merge(pool.map(lambda folder: reach_of(copies[0], folder), folders))
        outcomes = Counter[str]()
        for mutant, outcome in try_all(mutants, copies, reach, folders, chosen.timeout):
            outcomes[outcome] += 1
            print(f"{outcome:8} {mutant.path}:{mutant.line}", flush=True)
            if outcome != "killed":
                print(mutant.difference, flush=True)
    print(", ".join(f"{count} {outcome}" for outcome, count in outcomes.most_common()))
    return 0


def copy_project(to: Path) -> Path:
    """Copy what git would commit: the working tree itself is never changed."""
    git = ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z")
    listed = subprocess.run(git, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, to / name)
    return to


def draw(project: Path, paths: Sequence[str], count: int, chance: random.Random) -> list[Mutant]:
    """Draw places in the code, and for each place one of the changes that mutmut knows for it."""
    places = []
    for file in sorted(file for path in paths for file in python_files(project / path)):
        before = file.read_text()
        module, mutations, _, _ = create_mutations(str(file), before)
        by_node = defaultdict(list)
        for mutation in mutations:
            by_node[id(mutation.original_node)].append(mutation)
        places += [(str(file.relative_to(project)), before, module, same) for same in by_node.values()]
    mutants = []
    for path, before, module, same in chance.sample(places, min(count, len(places))):
        mutation = chance.choice(same)
        after = module.deep_replace(mutation.original_node, mutation.mutated_node).code
        mutants.append(Mutant(path, first_difference(before, after), before, after))
    return mutants


def python_files(path: Path) -> Iterator[Path]:
    yield from path.rglob("*.py") if path.is_dir() else [path]


def first_difference(before: str, after: str) -> int:
    """Return the number of the first line that differs, from 1."""
    pairs = zip(before.splitlines(), after.splitlines(), strict=False)
    return next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)


def reach_of(project: Path, tests: str) -> Reach:
    """Run a folder of tests, and return for each line of each file the tests that run it."""
    data = project / f".coverage-{Path(tests).name}"
    measured = ("-m", "coverage", "run", f"--data-file={data}", "--source=deployer")
    ran = run(project, *measured, *PYTEST, "-p", "bench.reach", tests, path=Path(coverage.__file__).parents[1])
    if ran.returncode:
        raise SystemExit(f"{tests} fails without a mutant:\n{ran.stdout}")
    found = coverage.CoverageData(str(data))
    found.read()
    return {str(Path(file).relative_to(project)): found.contexts_by_lineno(file) for file in found.measured_files()}


def merge(parts: Iterator[Reach]) -> Reach:
    """Join what several folders of tests reach. A line that only an import runs has no test."""
    whole: dict[str, dict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for part in parts:
        for file, lines in part.items():
            for line, tests in lines.items():
                whole[file][line] += filter(None, tests)
    return whole


def try_all(
    mutants: Sequence[Mutant], copies: Sequence[Path], reach: Reach, folders: Sequence[str], timeout: int
) -> Iterator[tuple[Mutant, str]]:
    """Try each mutant in a copy of the project that no other mutant uses at the time."""
    free = SimpleQueue[Path]()
    for copy in copies:
        free.put(copy)

    def try_one(mutant: Mutant) -> tuple[Mutant, str]:
        known = mutant.line in lines_run_by_each_test(mutant.before)
        reached = sorted(set(reach.get(mutant.path, {}).get(mutant.line, ()))) if known else []
        copy = free.get()
        try:
            return mutant, outcome_of(copy, mutant, reached or folders, timeout)
        finally:
            free.put(copy)

    with ThreadPoolExecutor(len(copies)) as pool:
        yield from pool.map(try_one, mutants)


def lines_run_by_each_test(text: str) -> set[int]:
    """Return the lines that run again for each test which reaches them, and so are noted for each of them.

    Others run once: at the import, which may happen inside a test, or when a function caches its result.
    """
    again, once = set[int](), set[int]()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            cached = any("cache" in ast.unparse(decorator) for decorator in node.decorator_list)
            (once if cached else again).update(range(node.body[0].lineno, (node.end_lineno or 0) + 1))
    return again - once


def outcome_of(copy: Path, mutant: Mutant, tests: Sequence[str], timeout: int) -> str:
    """Run tests with the mutant in place: "killed", "survived" or "timeout"."""
    file = copy / mutant.path
    try:
        file.write_text(mutant.after)
        code = run(copy, *PYTEST, *tests, timeout=timeout).returncode
    except subprocess.TimeoutExpired:
        return "timeout"
    finally:
        file.write_text(mutant.before)
    return "survived" if code in {PASSED, NONE_COLLECTED} else "killed"


def run(
    project: Path, *arguments: str, path: Path | None = None, timeout: int | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the Python of .venv in a copy of the project, with more packages in `path`.

    It writes no compiled module, so that none is left of a mutant.
    """
    return subprocess.run(
        [PYTHON, *arguments],
        cwd=project,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(path or "")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
        check=False,
    )


if __name__ == "__main__":
    sys.exit(main())
