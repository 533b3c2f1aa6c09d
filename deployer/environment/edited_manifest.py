"""Edit the variables of a manifest. An edit that `check` would refuse is not written."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from deployer import names
from deployer.apps.settings import settings_class
from deployer.environment.contract import refuse_contract_problems
from deployer.errors import UsageError
from deployer.manifest.contract import secret_variables
from deployer.manifest.credentials import credential_in
from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.manifest.problem import InvalidManifest
from deployer.manifest.spelling import close


def parameter_name(given: str) -> str:
    """A parameter's name, also from the name of its variable: LOGGING_LEVEL is logging-level."""
    return given if names.why_not_a_variable(given) else names.parameter(given)


def named_variable(loaded: LoadedManifest, name: str) -> LiteralVariable | SecretVariable:
    """A variable of the manifest. Raises UsageError when there is none of this name."""
    variable = loaded.manifest.variables.get(name)
    if variable is None:
        near = close(name, loaded.manifest.variables)
        fix = f"did you mean {near}?" if near else f"use one of: {', '.join(loaded.manifest.variables)}"
        raise UsageError(f"{loaded.path} has no variable {name}", fix=fix)
    return variable


def as_secret(environment: str, name: str) -> str:
    """The commands that make a variable a secret, and give it its value."""
    return f"just add {environment} {name} --secret, then: just secret set {environment} {name}"


def refuse_credential(loaded: LoadedManifest, name: str, value: str, fix: str) -> None:
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


def write_manifest(before: LoadedManifest, text: str) -> LoadedManifest:
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
