"""The service and the deployer are two distributions: each declares what it imports, and neither holds the other."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deployer import VERSION
from deployer.apps.project_file import read_app
from tests.architecture.test_imports import ROOT, imports, sources

SERVICE, DEPLOYER = ROOT / "pyproject.toml", ROOT / "deployer" / "pyproject.toml"
FOR_TYPES = "types_"
OLDER = "backports"  # it is declared for a Python that these tests may not run with


def project(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = tomllib.loads(path.read_text())["project"]
    return found


def installed_with(declared: list[str]) -> set[str]:
    """The names of the distributions, and of all that they require in turn."""
    found, waiting = set[str](), [Requirement(text) for text in declared]
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name not in found and (requirement.marker is None or requirement.marker.evaluate({"extra": ""})):
            found.add(name)
            try:
                waiting += map(Requirement, requires(name) or ())
            except PackageNotFoundError:
                continue  # for another platform
    return found


def undeclared(paths: list[Path], declared: list[str]) -> list[str]:
    """The imports of third parties that installing what is declared does not bring."""
    known, there = packages_distributions(), installed_with(declared)
    wrong = []
    for path in paths:
        for name in {one.partition(".")[0] for one in imports(path)}:
            if name in sys.stdlib_module_names | {"ansari_whatsapp", "deployer", OLDER} or name.startswith(FOR_TYPES):
                continue
            if not there & set(map(canonicalize_name, known[name])):
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    return wrong


def test_the_service_declares_what_it_imports() -> None:
    assert undeclared(sources("ansari_whatsapp"), project(SERVICE)["dependencies"]) == []


def test_the_deployer_declares_what_it_imports() -> None:
    found, local = project(DEPLOYER), ROOT / "deployer" / "local"
    needs, paths = found["dependencies"], sources("deployer")
    assert undeclared([path for path in paths if not path.is_relative_to(local)], needs) == []
    assert undeclared(paths, needs + found["optional-dependencies"]["local"]) == []


@pytest.mark.parametrize("missing", ["httpx", "boto3"])
def test_what_is_not_declared_is_found(missing: str) -> None:
    fewer = [one for one in project(DEPLOYER)["dependencies"] if not one.startswith(missing)]
    assert undeclared(sources("deployer"), fewer) != []


def test_neither_holds_the_other() -> None:
    build = tomllib.loads(SERVICE.read_text())["tool"]["uv"]["build-backend"]
    assert build["module-name"] == "ansari_whatsapp"
    assert set(project(SERVICE)["scripts"]) == {"ansari-whatsapp"}
    assert set(project(DEPLOYER)["scripts"]) == {"deployer"}
    copied = re.findall(r"^COPY .*", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert copied
    assert not [line for line in copied if "deployer" in line or re.search(r" \.\.? ", line)]


def test_no_image_is_made_of_the_deployer() -> None:
    image = read_app(ROOT).image
    assert image.source == ("ansari_whatsapp",)
    assert not [path for path in image.paths if path.startswith("deployer")]


def test_the_versions_are_one() -> None:
    assert project(SERVICE)["version"] == project(DEPLOYER)["version"] == VERSION


def test_no_file_of_the_deployer_names_the_service_package() -> None:
    named = [path for path in sources("deployer") if "ansari_whatsapp" in path.read_text()]
    assert [str(path.relative_to(ROOT)) for path in named] == []
