"""What knows a kind of resource: its folder, its file of texts, and the files that have a row for each kind."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from deployer.resources.registry import KINDS
from tests.architecture.test_imports import imports, within
from tests.samples import ROOT

RESOURCES: Final = ROOT / "deployer" / "resources"
ROWS: Final = {"deployer/resources/registry.py", "deployer/resources/unions.py", "deployer/view/resources/texts.py"}
# A release consists of an image and parameters, so that more than their own folders deal with them. A kind that is not
# in this table is known to no other file. Nothing else may be added: what all kinds have is a field of `Kind`.
KNOWN: Final = {
    "ecr_repository": {
        # a bootstrap creates the repository before the first image is pushed
        "deployer/account/compare.py",
        "deployer/account/steps.py",
        "deployer/run/bootstrap.py",
        "deployer/view/bootstrap_text.py",
    },
    "ssm_parameters": {
        "deployer/account/duties.py",
        "deployer/resources/planner.py",
        "deployer/resources/service/plan.py",
        "deployer/resources/service/variables.py",
        "deployer/resources/waiting.py",
        "deployer/run/preflight.py",
    },
}
# Files outside its folder that name DynamoDB: the key of the manifest, and the inbox that the service keeps in a table.
NAMING: Final = {
    "deployer/apps/app.py",
    "deployer/manifest/limits.py",
    "deployer/manifest/model.py",
    "deployer/run/inbox_table.py",
}


def sources() -> Iterator[tuple[str, Path]]:
    yield from ((str(path.relative_to(ROOT)), path) for path in sorted((ROOT / "deployer").rglob("*.py")))


def own(kind: str) -> tuple[str, ...]:
    return f"deployer/resources/{kind}/", f"deployer/view/resources/{kind}.py"


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS])
def test_a_kind_is_known_only_where_every_kind_has_a_row(kind: str) -> None:
    packages = {f"deployer.resources.{kind}", f"deployer.view.resources.{kind}"}
    found = {name for name, path in sources() if any(within(one, packages) for one in imports(path))}
    others = {name for name in found if not name.startswith(own(kind))}
    assert others - ROWS == KNOWN.get(kind, set())
    assert others >= ROWS


def test_only_the_folder_of_the_table_and_its_manifest_name_its_service() -> None:
    found = {name for name, path in sources() if "dynamodb" in path.read_text().lower()}
    emulated = "deployer/local/"
    assert {name for name in found if not name.startswith((*own("dynamodb_table"), emulated))} - ROWS == NAMING


@pytest.mark.parametrize("folder", sorted(path.parent.name for path in RESOURCES.glob("*/change.py")))
def test_every_kind_with_changes_has_one_file_of_texts(folder: str) -> None:
    assert (ROOT / "deployer" / "view" / "resources" / f"{folder}.py").exists()


@pytest.mark.parametrize("path", sorted(RESOURCES.glob("*/__init__.py")), ids=lambda path: path.parent.name)
def test_the_package_of_a_kind_imports_nothing(path: Path) -> None:
    """So that the unions can import the data of a kind without what reads and writes it."""
    assert [node for node in ast.parse(path.read_text()).body if not isinstance(node, ast.Expr)] == []


DATA: Final = ("state", "change", "blocker", "notice", "reason")


@pytest.mark.parametrize(
    "path",
    sorted(path for name in DATA for path in RESOURCES.glob(f"*/{name}.py")),
    ids=lambda path: str(path.relative_to(RESOURCES)),
)
def test_the_data_of_a_kind_is_below_the_plan(path: Path) -> None:
    """The unions and the plan import it, so it imports of the kinds only the other data of its own folder."""
    folder = f"deployer.resources.{path.parent.name}"
    below = {"deployer.core", "deployer.manifest", "deployer.names", *(f"{folder}.{name}" for name in DATA)}
    assert [name for name in imports(path) if within(name, {"deployer"}) and not within(name, below)] == []
