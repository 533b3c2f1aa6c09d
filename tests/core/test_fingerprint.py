"""The consent to a plan: it depends on what is done and on what that depends on, never on how a message is worded."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from deployer.core.cause import Cause, CauseKind
from deployer.resources.plan import Plan
from tests.golden.case import cases

ROOT = Path(__file__).parents[2]
CASES = {case.folder.name: case for case in cases()}
READ = """
import json, sys
from deployer.view.plan_text import render
from tests.golden.case import cases
plans = {case.folder.name: case.plan() for case in cases()}
out = {name: [plan.fingerprint, render(plan, manifest="m", target="t")] for name, plan in plans.items()}
json.dump(out, sys.stdout)
"""


class _Reworded(ast.NodeTransformer):
    """Every sentence of a module, with a mark at its end; docstrings, keys and words without a blank stay."""

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        if isinstance(node.value, str) and " " in node.value.strip():
            return ast.Constant(f"{node.value.rstrip()} (reworded) ")
        return node


def test_rewording_every_message_voids_no_consent(tmp_path: Path) -> None:
    package = tmp_path / "deployer"
    for path in (ROOT / "deployer").rglob("*.py"):
        copy = package / path.relative_to(ROOT / "deployer")
        copy.parent.mkdir(parents=True, exist_ok=True)
        text = path.read_text()
        if path.parent.name == "view" and path.name.endswith("_text.py"):
            text = ast.unparse(ast.fix_missing_locations(_Reworded().visit(ast.parse(text))))
        copy.write_text(text)
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    done = subprocess.run(
        [sys.executable, "-c", READ], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    reworded: dict[str, list[str]] = json.loads(done.stdout)
    assert {name: fingerprint for name, (fingerprint, _) in reworded.items()} == {
        name: case.plan().fingerprint for name, case in CASES.items()
    }
    assert all("(reworded)" in text for _, text in reworded.values())


@pytest.mark.parametrize("name", sorted(CASES))
def test_what_is_done_and_what_it_depends_on_are_part_of_the_consent(name: str) -> None:
    plan = CASES[name].plan()
    others = [
        replace(plan, release="0ther"),
        replace(plan, facts={**plan.facts, "manifest": "0ther"}),
        replace(plan, prune=not plan.prune),
        replace(plan, postponed=not plan.postponed),
        *(replace(plan, changes=_without(plan, index)) for index in range(len(plan.changes))),
        *([replace(plan, changes=tuple(reversed(plan.changes)))] if len(plan.changes) > 1 else []),
        *([replace(plan, blockers=plan.blockers[1:])] if plan.blockers else []),
        *([replace(plan, changes=_recaused(plan))] if plan.changes else []),
    ]
    assert all(other.fingerprint != plan.fingerprint for other in others)


def test_where_the_manifest_names_a_variable_is_no_part_of_it() -> None:
    plan = CASES["literal-edited"].plan()
    moved = tuple(replace(change, line="staging.yaml:999") for change in plan.changes)
    assert replace(plan, changes=moved).fingerprint == plan.fingerprint


def _without(plan: Plan, index: int) -> tuple[object, ...]:
    return (*plan.changes[:index], *plan.changes[index + 1 :])


def _recaused(plan: Plan) -> tuple[object, ...]:
    first = replace(plan.changes[0], causes=(*plan.changes[0].causes, Cause(kind=CauseKind.UNNAMED)))
    return (first, *plan.changes[1:])
