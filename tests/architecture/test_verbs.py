"""Each verb of the command line is one use case: an options record and one function in a file of its own."""

from __future__ import annotations

import ast
import importlib
import inspect
import keyword
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, get_type_hints

import msgspec
import pytest

from deployer.cli import DEPLOYER
from deployer.cli.command import Group, Verb
from tests.architecture.test_imports import ROOT, imports, sources, within

VERBS: Final = ROOT / "deployer" / "verbs"
# The command line reads arguments and prints results. What it needs of these packages are types.
DECIDES: Final = {f"deployer.{package}" for package in ("aws", "local", "resources", "run", "targets")}


def table(group: Group = DEPLOYER, before: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Verb]]:
    """The words of each verb of the command table, such as `secret set`, and the verb."""
    for name, verb in group.verbs.items():
        words = (*before, name)
        if isinstance(verb, Group):
            yield from table(verb, words)
        else:
            yield words, verb


def module(words: tuple[str, ...]) -> str:
    """The module of a verb: a word that Python reserves ends in `_` there."""
    names = [word.replace("-", "_") for word in words]
    return ".".join(["deployer", "verbs", *(f"{name}_" if keyword.iskeyword(name) else name for name in names)])


def parse(function: Callable[..., object]) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def used(verb: Verb) -> dict[str, list[str]]:
    """What the command line imports of each module of verbs to run a verb."""
    found = [node for node in ast.walk(parse(verb.run)) if isinstance(node, ast.ImportFrom)]
    return {
        node.module: [alias.name for alias in node.names]
        for node in found
        if node.module and within(node.module, {"deployer.verbs"})
    }


def called(verb: Verb) -> set[str]:
    calls = (node.func for node in ast.walk(parse(verb.run)) if isinstance(node, ast.Call))
    return {function.id for function in calls if isinstance(function, ast.Name)}


def use_cases(name: str) -> dict[type, list[str]]:
    """The options records of a module, and the functions whose first argument each is."""
    loaded = importlib.import_module(name)
    own = {key: one for key, one in vars(loaded).items() if getattr(one, "__module__", None) == name}
    records: dict[type, list[str]] = {
        one: [] for key, one in own.items() if inspect.isclass(one) and key.endswith("Options")
    }
    for key, one in own.items():
        if not inspect.isfunction(one) or key.startswith("_"):
            continue
        first = next(iter(get_type_hints(one).values()))
        if first in records:
            records[first].append(key)
    return records


@pytest.mark.parametrize(("words", "verb"), [pytest.param(*row, id=" ".join(row[0])) for row in table()])
def test_a_verb_has_an_options_record_and_one_function(words: tuple[str, ...], verb: Verb) -> None:
    name = module(words)
    assert set(used(verb)) == {name}, "its cli function uses the file of its own name, and no other verb"
    [(record, functions)] = use_cases(name).items()
    assert issubclass(record, msgspec.Struct)
    assert record.__struct_config__.frozen
    [function] = functions
    assert function != name.rpartition(".")[2], "a function is not named after its module"
    assert {record.__name__, function} <= set(used(verb)[name])
    assert {record.__name__, function} <= called(verb)


def test_every_file_of_verbs_is_a_verb() -> None:
    files = {path.relative_to(ROOT).with_suffix("") for path in sources("deployer/verbs") if path.name != "__init__.py"}
    assert {".".join(path.parts) for path in files} == {module(words) for words, _ in table()}


def nodes(package: str) -> Iterator[tuple[str, ast.AST]]:
    for path in sources(package):
        name = str(path.relative_to(ROOT))
        yield from ((f"{name}:{getattr(node, 'lineno', 0)}", node) for node in ast.walk(ast.parse(path.read_text())))


def test_options_of_argparse_stay_in_the_command_line() -> None:
    found = [
        at
        for at, node in nodes("deployer")
        if not at.startswith("deployer/cli/")
        and "Namespace" in {getattr(node, "id", ""), getattr(node, "attr", ""), getattr(node, "name", "")}
    ]
    assert found == []


def test_the_command_line_changes_no_options() -> None:
    """A value that the user did not give is a default of the options record, or decided by the verb."""
    found = [
        at
        for at, node in nodes("deployer/cli")
        if (
            isinstance(node, ast.Attribute)
            and isinstance(node.ctx, ast.Store | ast.Del)
            and isinstance(node.value, ast.Name)
            and node.value.id not in {"self", "parser", "action"}
        )
        or (isinstance(node, ast.Name) and node.id in {"setattr", "delattr", "vars"})
    ]
    assert found == []


def test_verbs_print_nothing() -> None:
    """They return a result, and report progress to the reporter that they are given."""
    printing = {"print", "stdout", "stderr", "write", "write_data", "write_raw"}
    packages = ("deployer/verbs", "deployer/environment", "deployer/diagnostics")
    found = [
        at
        for package in packages
        for at, node in nodes(package)
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in printing)
        or (
            (isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys")
            and node.attr in printing
        )
    ]
    assert found == []


@pytest.mark.parametrize("path", sources("deployer/cli"), ids=lambda path: path.name)
def test_the_command_line_decides_nothing(path: Path) -> None:
    tree = ast.parse(path.read_text())
    types = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
        if isinstance(inner, ast.ImportFrom) and inner.module
        for name in (inner.module, *(f"{inner.module}.{alias.name}" for alias in inner.names))
    }
    assert [name for name in imports(path) if name not in types and within(name, DECIDES)] == []
