"""`deployer secret set ENV NAME`: give a secret its value. It never deploys; the next reconcile does."""

from __future__ import annotations

from collections.abc import Callable

from deployer import names
from deployer.aws import ssm
from deployer.core.secret import SecretValue
from deployer.errors import UsageError
from deployer.manifest.load import Loaded
from deployer.manifest.model import Secret
from deployer.verbs.environment import open_session

MAXIMUM_BYTES = 4096  # a standard parameter's value


def put(loaded: Loaded, name: str, read: Callable[[str], str]) -> str:
    """Read the value with `read(prompt)` and write it as a new version. Returns what to tell the user."""
    variable = loaded.manifest.variables.get(name)
    if not isinstance(variable, Secret):
        known = ", ".join(n for n, v in loaded.manifest.variables.items() if isinstance(v, Secret))
        raise UsageError(f"{loaded.path} has no secret {name}", fix=f"use one of: {known}")
    aws = loaded.manifest.aws
    session, _ = open_session(loaded)
    path = names.join(aws.parameter_path, name)
    found = ssm.read(session.ssm, [path]).get(path)
    value = SecretValue(_checked(read(f"{name}: ")))
    version = ssm.put(session.ssm, path, value, variable.description or "", create=found is None)
    environment = loaded.manifest.environment
    return f"{name} is set (version {version}). Containers get it with: just reconcile {environment}"


def _checked(value: str) -> str:
    """One trailing newline is what a pipe adds; the rest is the secret."""
    value = value.removesuffix("\n").removesuffix("\r")
    if not value.strip():
        raise UsageError("the value is empty; nothing was changed")
    if len(value.encode()) > MAXIMUM_BYTES:
        raise UsageError(f"the value has more than {MAXIMUM_BYTES} bytes, which SSM does not take")
    return value
