"""No test depends on a value in env/, which users change: one file asserts what holds of any valid manifest."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.project import find_root
from tests.samples import ROOT

# They check the manifests, replace them, and refuse to read them.
READERS = {"tests/manifest/test_env_files.py", "tests/samples.py", "tests/conftest.py"}
GENERATED = "manifest.schema.json"  # next to the manifests, and the same whatever they say


def live_reads(source: str) -> Iterator[int]:
    """The lines of statements that name both the checkout's own root and its env/, or run the deployer in the root."""
    for statement in ast.parse(source).body:
        nodes = list(ast.walk(statement))
        texts = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        names = {node.id for node in nodes if isinstance(node, ast.Name)}
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute) and node.attr == "ROOT"}
        rooted = bool(names & {"ROOT", "__file__"}) or bool(attributes)
        folder = any(re.match(r"\W*env(/|$)", text) for text in texts) and GENERATED not in texts
        started = "deployer" in texts and any(_starts_in_root(node) for node in nodes)
        if (rooted and folder) or (started and "ci" not in texts):  # `ci sbom` and `ci audit` read lock files
            yield statement.lineno


def _starts_in_root(node: ast.AST) -> bool:
    return isinstance(node, ast.keyword) and node.arg == "cwd" and ast.unparse(node.value).endswith("ROOT")


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_one_test_reads_the_live_manifests(path: Path) -> None:
    name = str(path.relative_to(ROOT))
    if name not in READERS:
        found = [f"{name}:{line}" for line in live_reads(path.read_text())]
        assert not found, "use tests/samples.py instead of the live manifests"


@pytest.mark.parametrize(
    "source",
    [
        'TEXT = (ROOT / "env" / "staging.yaml").read_text()',
        'ENV = Path(__file__).parents[3] / "env"',
        'def test():\n    load(ROOT / "env/staging.yaml")',
        'def test():\n    for folder in ("env", ".github"):\n        copytree(files.ROOT / folder, folder)',
        'def test():\n    run([python, "-m", "deployer", "plan", "staging"], cwd=ROOT)',
    ],
)
def test_a_read_of_them_would_be_found(source: str) -> None:
    assert list(live_reads(source)) == [1]
    assert list(live_reads(source.replace("ROOT", "tmp_path").replace("__file__", "x"))) == []


def test_a_read_of_them_is_refused_however_it_is_written() -> None:
    live, *_ = (find_root(Path.cwd()) / "env").glob("*.yaml")
    with pytest.raises(AssertionError, match=r"use tests/samples\.py"):
        live.read_bytes()
