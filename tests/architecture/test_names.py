"""Names in the deployer: nouns for data, verbs for functions."""

from __future__ import annotations

import ast
import builtins
import collections.abc
import re
import typing
from collections.abc import Iterator
from typing import Final

import pytest

from tests.architecture.test_imports import ROOT, sources

PACKAGES: Final = ("deployer", "ansari_whatsapp")
PARTICIPLE: Final = re.compile(
    r"_?([A-Z][a-z]*ed|Broken|Done|Found|Given|Held|Kept|Left|Made|Seen|Sent|Shown|Taken|Told|Written)"
)
# Participles that are states, and kinds of a closed union, which programs read by these names.
STATES: Final = {
    "deployer/core/desired.py": {"Desired"},
    "deployer/core/observed.py": {"Observed"},
    "deployer/core/policies/rights.py": {"Need"},
    "deployer/core/health.py": {"Served", "Paused", "Prevented"},
    "deployer/core/caution.py": {"Unverified"},
    "deployer/core/unverified.py": {"_Unverified"},
    "deployer/core/adoption/expected.py": {"Paused"},
    "deployer/resources/github_environment/blocker.py": {"Archived"},
    "deployer/resources/github_environment/notice.py": {"Unreviewed"},
}
GIVEN: Final = {name for module in (builtins, typing, collections.abc) for name in dir(module)}


def test_no_function_is_named_after_its_module() -> None:
    """Such a function takes the name that its result needs in the caller: `image = image(...)`."""
    assert not [
        f"{path.relative_to(ROOT)}: {node.name}"
        for package in PACKAGES
        for path in sources(package)
        for node in ast.parse(path.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name == (path.parent.name if path.name == "__init__.py" else path.stem)
    ]


def participles(source: str) -> Iterator[str]:
    """The classes that are named by a participle alone. An error may be: it is raised as what happened."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and PARTICIPLE.fullmatch(node.name):
            bases = [ast.unparse(base) for base in node.bases]
            if not any(base.endswith(("Error", "Exception")) for base in bases):
                yield node.name


def test_no_class_is_named_by_a_participle() -> None:
    """`Loaded` does not say what was loaded: a class has the noun that the domain has for it."""
    classes = {
        str(path.relative_to(ROOT)): set(participles(path.read_text()))
        for package in PACKAGES
        for path in sources(package)
    }
    assert {path: names for path, names in classes.items() if names} == STATES


def test_no_class_has_a_name_of_python_itself() -> None:
    assert not [
        f"{path.relative_to(ROOT)}: {node.name}"
        for package in PACKAGES
        for path in sources(package)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ClassDef) and node.name in GIVEN
    ]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("class Loaded: pass", ["Loaded"]),
        ("class _Held: pass", ["_Held"]),
        ("class Kept(Struct, frozen=True): pass", ["Kept"]),
        ("class Refused(DeployerError): pass", []),
        ("class LoadedManifest: pass", []),
        ("class Record: pass", []),
    ],
)
def test_a_participle_is_found(source: str, names: list[str]) -> None:
    assert list(participles(source)) == names


def called_found(source: str) -> Iterator[int]:
    """The lines that bind a variable or an argument of this name. A field is named by its class, too."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.Lambda():
                for inner in ast.walk(node):
                    match inner:
                        case ast.Name(id="found", ctx=ast.Store()) | ast.arg(arg="found"):
                            yield inner.lineno
                        case _:
                            pass
            case _:
                pass


def test_no_variable_is_only_found() -> None:
    """`found` hides what it holds: a variable is named after that, such as `parameter`, `match` or `troubles`."""
    assert not [
        f"{path.relative_to(ROOT)}:{line}"
        for package in PACKAGES
        for path in sources(package)
        for line in called_found(path.read_text())
    ]


@pytest.mark.parametrize(
    ("source", "lines"),
    [
        ("def f(found): return found", [1]),
        ("def f():\n    if found := read(): return found", [2]),
        ("f = lambda found: found[0]", [1]),
        ("class Tool:\n    found: str", []),
        ("def f(): return found", []),
    ],
)
def test_a_variable_that_is_only_found_is_found(source: str, lines: list[int]) -> None:
    assert list(called_found(source)) == lines
