"""All text for people is made in deployer/view: what decides and what is carried has kinds and fields."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
SENTENCE: Final = re.compile(r"\b[a-z]+[,:;]? [a-z]+[,:;]? [a-z]+\b")  # three words in small letters
# Texts that are not sentences, or part of an error. Nothing else may be added: put the text into deployer/view.
ALLOWED: Final = {
    # names of verbs, and of rights of a policy
    "deployer/account/duties.py": {"pause, resume, restart", "plan, status, drift"},
    "deployer/core/policies/rights.py": {"x on x"},
    # names of what a saved plan depends on
    "deployer/core/observed.py": {"service settings of a newer API", "x tagged x", "older version of x"},
    # values of the ledger and of plans as JSON, which older versions have written
    "deployer/resources/service/unmanaged.py": {"a setting that this version of the deployer does not know"},
    "deployer/resources/ssm_parameters/plan.py": {"after release x", "x of x"},
    "deployer/resources/ecr_repository/plan.py": {"scan on push"},
    "deployer/core/target.py": {"every container start"},
    # parts of an error that the same function raises
    "deployer/core/adoption/variables.py": {"its value holds a character that cannot be seen"},
    "deployer/core/record_format.py": {"a newer deployer"},
    "deployer/core/revision.py": {"just releases x", "x to x"},
    "deployer/core/rollback.py": {"just releases x", ": release x, which runs, is release x again", "x to x"},
}


# Files of the upper layers that return kinds and fields.
DATA: Final = (
    "deployer/environment/other_locations.py",
    "deployer/environment/readiness.py",
    "deployer/verbs/verify.py",
)


def pure() -> list[Path]:
    """The modules that decide: core, account, every file of a kind of resource but the one that applies, and DATA."""
    of_resources = (ROOT / "deployer" / "resources").rglob("*.py")
    found = [path for folder in ("core", "account") for path in (ROOT / "deployer" / folder).rglob("*.py")]
    return sorted(
        [*found, *(path for path in of_resources if path.name != "apply.py"), *(ROOT / file for file in DATA)]
    )


def sentences(source: str) -> Iterator[str]:
    """The texts that look like a sentence, with an x for each part of an f-string; not docstrings, not errors."""
    skipped: set[ast.AST] = set()
    for node in ast.walk(ast.parse(source)):
        if node in skipped:
            continue
        match node:
            case ast.Raise() | ast.Expr(value=ast.Constant()):
                skipped.update(ast.walk(node))
            case ast.JoinedStr(values=values):
                skipped.update(ast.walk(node))
                text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in values)
                if SENTENCE.search(text):
                    yield text
            case ast.Constant(value=str(text)) if SENTENCE.search(text):
                yield text
            case _:
                pass


@pytest.mark.parametrize("path", pure(), ids=lambda path: str(path.relative_to(ROOT / "deployer")))
def test_what_decides_makes_no_text(path: Path) -> None:
    allowed = ALLOWED.get(str(path.relative_to(ROOT)), set())
    assert set(sentences(path.read_text())) <= allowed


def test_every_exception_is_still_one() -> None:
    found = {name: set(sentences((ROOT / name).read_text())) for name in ALLOWED}
    assert found == ALLOWED


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"""The text of a docstring."""\nX = 1\n', []),
        ('def f():\n    """The text of a docstring."""\n    raise ValueError(f"this {x} is an error")\n', []),
        ('X = "the service is paused"\n', ["the service is paused"]),
        ('def f(): return f"release {number} failed: {why}"\n', ["release x failed: x"]),
        ('X = {"kind": "other-value", "key": "aws cli"}\n', []),
    ],
)
def test_a_sentence_is_found_where_it_is_no_docstring_and_no_error(source: str, found: list[str]) -> None:
    assert list(sentences(source)) == found
