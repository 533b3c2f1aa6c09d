"""The direction of dependencies, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.resources.registry import KINDS

ROOT = Path(__file__).parents[2]
CHOICE = "deployer/manifest/targets.py"  # where a manifest chooses its target
TARGETS = ROOT / "deployer" / "targets"
ABOVE = ("run", "environment", "diagnostics", "verbs", "cli")  # the upper layers, lowest first
NETWORK = {"boto3", "botocore", "httpx", "aiohttp", "sanic", "moto", "urllib.request", "socket", "subprocess"}


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def sources(package: str) -> list[Path]:
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package} is gone; this test looks at nothing"
    return found


def within(name: str, packages: set[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize(
    ("package", "never"),
    [
        (
            "deployer/core",
            NETWORK | {f"deployer.{p}" for p in ("aws", "targets", "resources", "account", *ABOVE, "view", "local")},
        ),
        (
            "deployer/manifest",
            NETWORK | {f"deployer.{p}" for p in ("aws", "targets", *ABOVE, "view", "local")},
        ),
        ("deployer/ci", NETWORK | {f"deployer.{p}" for p in ("aws", "targets", *ABOVE, "local")}),
        ("deployer/aws", {f"deployer.{p}" for p in ("targets", *ABOVE, "view", "local", "manifest")}),
        ("deployer/targets", {f"deployer.{p}" for p in (*ABOVE, "view", "local")}),
        ("deployer/view", {f"deployer.{p}" for p in ("aws", "targets", *ABOVE, "local")} | NETWORK),
        ("deployer/resources", {f"deployer.{p}" for p in (*ABOVE, "view", "local", "targets")}),
        (
            "deployer/account",
            NETWORK | {f"deployer.{p}" for p in ("aws", "targets", *ABOVE, "view", "local")},
        ),
        ("deployer/run", {f"deployer.{p}" for p in ("environment", "diagnostics", "verbs", "cli", "local")}),
        ("deployer/environment", {f"deployer.{p}" for p in ("diagnostics", "verbs", "cli")}),
        ("deployer/diagnostics", {f"deployer.{p}" for p in ("verbs", "cli")}),
        ("deployer/verbs", {"deployer.cli"}),
        ("deployer/github", {f"deployer.{p}" for p in (*ABOVE, "view", "local", "targets")}),
        ("deployer/local", {f"deployer.{p}" for p in (*ABOVE, "targets", "view")}),
        ("deployer", {"ansari_whatsapp"}),
        ("deployer/apps", NETWORK | {f"deployer.{p}" for p in ("aws", "targets", *ABOVE, "view", "local")}),
        ("ansari_whatsapp", {"deployer", "boto3"}),
    ],
)
def test_no_layer_reaches_above_itself(package: str, never: set[str]) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if within(name, never) and str(path.relative_to(ROOT)) != CHOICE
    ]
    assert wrong == []


def test_the_service_knows_aws_only_where_its_table_is_called() -> None:
    folder = ROOT / "ansari_whatsapp" / "inbox" / "dynamodb"
    callers = {
        path.parent for path in sources("ansari_whatsapp") for name in imports(path) if within(name, {"botocore"})
    }
    assert callers == {folder}


def test_a_kind_of_resource_decides_without_asking_aws() -> None:
    """Its plan and its rights are pure; what reads and writes is in files of other names."""
    talks = {"kind.py", "registry.py", "__init__.py", "api.py", "observed.py", "apply.py", "destroy.py", "secrets.py"}
    pure = [path for path in sources("deployer/resources") if path.name not in talks]
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in pure
        for name in imports(path)
        if within(name, NETWORK | {"deployer.aws", "deployer.github.api"})
    ]
    assert wrong == []
    assert {path.name for path in pure} >= {"plan.py", "rights.py", "planner.py"}


def test_every_kind_of_resource_has_its_files_and_is_registered() -> None:
    folders = {path.parent for path in (ROOT / "deployer" / "resources").glob("*/apply.py")}
    [github] = [folder for folder in folders if folder.name == "github_environment"]  # needs a token of GitHub
    assert {path.name for path in github.glob("*.py")} >= {"desired.py", "observed.py", "plan.py", "apply.py"}
    folders.remove(github)
    assert {folder.name for folder in folders} == {kind.name for kind in KINDS}
    for folder in folders:
        names = {path.name for path in folder.glob("*.py")}
        assert {"plan.py", "observed.py", "apply.py", "rights.py", "destroy.py"} <= names, folder


def test_the_manifest_reads_only_the_sections_of_targets() -> None:
    read = {name for name in imports(ROOT / CHOICE) if within(name, {"deployer.targets"})}
    folders = {folder.name for folder in TARGETS.iterdir() if (folder / "target.py").exists()}
    packages = {f"deployer.targets.{folder}" for folder in folders}
    assert read == packages | {f"{package}.manifest" for package in packages}


@pytest.mark.parametrize("path", sorted(TARGETS.glob("*/*.py")), ids=lambda path: str(path.relative_to(TARGETS)))
def test_what_is_known_of_a_target_without_asking_it_has_no_client(path: Path) -> None:
    if path.name in {"target.py", "examine.py", "client.py", "reading.py", "updating.py"}:
        return
    never = NETWORK | {"deployer.aws"}
    if path.name in {"manifest.py", "limits.py", "reserved.py"}:  # part of the format of a manifest
        never |= {"deployer.core", "deployer.targets.base"}
    assert [name for name in imports(path) if within(name, never)] == []
