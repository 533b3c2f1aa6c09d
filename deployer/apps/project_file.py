"""Read and check the project's deployer.yaml, which describes the service to the deployer."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from deployer.apps.app import App
from deployer.manifest import source, syntax, tree
from deployer.manifest.problem import Finding, InvalidManifest, Position, Problem
from deployer.project import PROJECT_FILE, shortest

_UNKNOWN_KEY: Final = "extra_forbidden"


def read_app(root: Path) -> App:
    """The description of the project's service; an empty one when the project has no deployer.yaml.

    Raises InvalidManifest with every problem of the file.
    """
    path = root / PROJECT_FILE
    return parse_app(source.read_file(path), shortest(path)) if path.exists() else App()


def problem_at(root: Path, *keys: str, what: str, why: str = "", fix: str = "") -> InvalidManifest:
    """A problem of a key in the project's deployer.yaml, found by a later stage."""
    path = root / PROJECT_FILE
    text, _ = source.decode(source.read_file(path), path)
    at = tree.where(syntax.parse(text).root, keys)
    return InvalidManifest([_problem(shortest(path), text, Finding(at, what, why, fix))])


@lru_cache(maxsize=8)
def parse_app(raw: bytes, path: Path) -> App:
    """The description in a file's bytes. Raises InvalidManifest."""
    text, findings = source.decode(raw, path)
    read = syntax.parse(text)
    findings += read.findings
    app: App | None = None
    try:
        app = App.model_validate({} if read.root is None else tree.data(read.root))
    except ValidationError as error:
        findings += _findings(read.root, error)
    if findings or app is None:
        raise InvalidManifest([_problem(path, text, finding) for finding in findings])
    return app


def _problem(path: Path, text: str, finding: Finding) -> Problem:
    lines, (line, col) = source.split_lines(text), finding.position
    shown = lines[line - 1] if line <= len(lines) else ""
    return Problem(str(path), line, col, finding.what, finding.why, finding.fix, shown, col - 1)


def _findings(root: tree.Node | None, error: ValidationError) -> Iterator[Finding]:
    for item in error.errors(include_input=False, include_url=False):
        name, context = ".".join(map(str, item["loc"])), item.get("ctx", {})
        if item["type"] == _UNKNOWN_KEY:
            *parent, _ = item["loc"]
            where = ".".join(map(str, parent)) or PROJECT_FILE
            what, fix = f"{where} has no key {item['loc'][-1]}", "delete it, or correct its spelling"
        elif item["type"] == "missing":
            what, fix = f"{name} is missing", "add it"
        elif item["type"] in {"model_type", "dict_type"}:
            what, fix = f"{name or 'this file'} has to be a group of keys", "write its keys below it, indented"
        elif item["type"] == "shape":
            what, fix = f"{name} has to be {context['words']}", f"write it like {context['example']}"
        else:
            message = item["msg"].replace("Input should be", "has to be")
            what, fix = f"{name or 'this file'} {message}", "correct the value"
        yield Finding(tree.where(root, item["loc"]) if root else Position(1, 1), what, fix=fix)
