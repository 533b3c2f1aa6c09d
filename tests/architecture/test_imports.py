"""The direction of dependencies, read from the source."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
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
            NETWORK | {f"deployer.{p}" for p in ("aws", "targets", "run", "verbs", "view", "local")},
        ),
        (
            "deployer/manifest",
            NETWORK | {f"deployer.{p}" for p in ("aws", "targets", "run", "verbs", "view", "local")},
        ),
        ("deployer/ci", NETWORK | {f"deployer.{p}" for p in ("aws", "targets", "run", "verbs", "local")}),
        ("deployer/aws", {f"deployer.{p}" for p in ("targets", "run", "verbs", "view", "local", "manifest")}),
        ("deployer/targets", {f"deployer.{p}" for p in ("run", "verbs", "view", "local")}),
        ("deployer/view", {f"deployer.{p}" for p in ("aws", "targets", "run", "verbs", "local")} | NETWORK),
        ("deployer/run", {"deployer.verbs", "deployer.local"}),
        ("deployer/github", {f"deployer.{p}" for p in ("run", "verbs", "view", "local", "targets")}),
        ("deployer/local", {f"deployer.{p}" for p in ("run", "verbs", "targets", "view")}),
        ("deployer", {"ansari_whatsapp"}),
        ("deployer/apps", NETWORK | {f"deployer.{p}" for p in ("aws", "targets", "run", "verbs", "view", "local")}),
        ("ansari_whatsapp", {"deployer", "boto3", "botocore"}),
    ],
)
def test_no_layer_reaches_above_itself(package: str, never: set[str]) -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sources(package)
        for name in imports(path)
        if within(name, never)
    ]
    assert wrong == []
