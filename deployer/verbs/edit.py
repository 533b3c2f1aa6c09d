"""`deployer set|add|remove ENV NAME`: edit a manifest. An edit that `check` would refuse is not written."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

from msgspec import to_builtins

from deployer import names
from deployer.apps.settings import settings_class
from deployer.environment.contract import refuse_contract_problems
from deployer.errors import UsageError, as_typed
from deployer.manifest import edit
from deployer.manifest.contract import secret_variables
from deployer.manifest.credentials import credential_in
from deployer.manifest.excerpt import harmless
from deployer.manifest.load import Loaded, load, parse
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.spelling import close
from deployer.view.documents import EditDocument


def set_value(path: Path, name: str, value: str) -> EditDocument:
    """Give a literal another value. Raises UsageError for a secret, and InvalidManifest for a value that is refused."""
    loaded = load(path)
    variable = _known(loaded, name := _name(name))
    if isinstance(variable, SecretVariable):
        raise UsageError(
            f"{name} is a secret: a manifest never holds its value; nothing was changed",
            why="what is typed on a command line stays in the history of the shell",
            fix=f"just secret set {loaded.manifest.environment} {name}",
        )
    line = loaded.where("variables", name).line
    if variable.text == value:
        return EditDocument("same", str(path), line, name, value, value)
    environment = loaded.manifest.environment
    _refuse_credential(loaded, name, value, f"just remove {environment} {name}, then: {_as_secret(environment, name)}")
    _write(loaded, edit.set_value(loaded, name, value))
    return EditDocument("set", str(path), line, name, variable.text, value)


def add(path: Path, name: str, entry: str, value: str | None) -> EditDocument:
    """Add a variable, described by an entry of `edit`. Raises UsageError if it exists, and InvalidManifest."""
    loaded = load(path)
    name = _name(name)
    if name in loaded.manifest.variables:
        line = loaded.where("variables", name).line
        raise UsageError(
            f"{path}:{line}: {name} is there already", fix=f"just set {loaded.manifest.environment} {name} VALUE"
        )
    if value is not None:
        shown = name if harmless(name) else "NAME"  # a user may have typed the value instead of the name
        _refuse_credential(loaded, name, value, _as_secret(loaded.manifest.environment, shown))
    now = _write(loaded, edit.add(loaded, name, entry))
    return EditDocument("added", str(path), now.where("variables", name).line, name, None, value)


def remove(path: Path, name: str) -> EditDocument:
    """Remove a variable. Raises InvalidManifest when the service needs it."""
    loaded = load(path)
    variable = _known(loaded, name := _name(name))
    line = loaded.where("variables", name).line
    _write(loaded, edit.remove(loaded, name))
    return EditDocument(
        "removed", str(path), line, name, variable.text if isinstance(variable, LiteralVariable) else None, None
    )


def show(edited: EditDocument, environment: str, *, as_json: bool) -> str:
    """The edit as one line with the next step, or as JSON."""
    if as_json:
        return json.dumps(to_builtins(edited), sort_keys=True, ensure_ascii=False)
    where = f"{edited.file}:{edited.line}: {edited.name}"
    if edited.did == "same":
        return f"{where} is {_shown(edited.after)} already"
    change = f"{_shown(edited.before)} -> {_shown(edited.after)}" if edited.did == "set" else edited.did
    return f"{where}: {change}\n" + as_typed(f"Next: just plan {environment}")


def _shown(value: str | None) -> str:
    text = value or ""
    return text if text.isprintable() and text else json.dumps(text, ensure_ascii=False)


def _name(given: str) -> str:
    """A parameter's name, also from the name of its variable: LOGGING_LEVEL is logging-level."""
    return given if names.why_not_a_variable(given) else names.parameter(given)


def _known(loaded: Loaded, name: str) -> LiteralVariable | SecretVariable:
    variable = loaded.manifest.variables.get(name)
    if variable is None:
        near = close(name, loaded.manifest.variables)
        fix = f"did you mean {near}?" if near else f"use one of: {', '.join(loaded.manifest.variables)}"
        raise UsageError(f"{loaded.path} has no variable {name}", fix=fix)
    return variable


def _as_secret(environment: str, name: str) -> str:
    """The commands that make a variable a secret, and give it its value."""
    return f"just add {environment} {name} --secret, then: just secret set {environment} {name}"


def _refuse_credential(loaded: Loaded, name: str, value: str, fix: str) -> None:
    """Raise UsageError, without the value, for a literal that looks like a credential or is a secret of the service."""
    secrets = secret_variables(settings_class(loaded.app, loaded.root))
    known = not names.why_not_a_name(name) and names.variable(name) in secrets
    what = credential_in(value, name=name)
    if known or what:
        raise UsageError(
            f"{name} is a secret of the service; nothing was changed"
            if known
            else f"this value looks like {what}; nothing was changed",
            why="a manifest is read by everyone who reads the repository, and the history of the shell keeps the"
            " command: if this was the real value, replace it where it was issued",
            fix=fix,
        )


def _write(before: Loaded, text: str) -> Loaded:
    """Write the file if it is valid; the old file stays until the new one is complete."""
    raw = text.encode()
    try:
        loaded = parse(raw, before.path)
        refuse_contract_problems(loaded)
    except InvalidManifest as refused:
        refused.what = f"{refused.what} would be introduced; the file is unchanged"
        raise
    target = before.path.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(raw)
        temporary.chmod(target.stat().st_mode & 0o777)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return loaded
