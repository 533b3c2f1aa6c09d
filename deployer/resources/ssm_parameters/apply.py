"""Write, recreate, tag or delete one parameter."""

from __future__ import annotations

from typing import assert_never

from deployer.aws import ssm
from deployer.errors import StateUnknown
from deployer.resources.kind import Applying
from deployer.resources.ssm_parameters import secrets
from deployer.resources.ssm_parameters.change import (
    AdoptParameter,
    DeleteParameter,
    ParameterChange,
    PutParameter,
    RecreateParameter,
)


def apply_parameter(change: ParameterChange, applying: Applying) -> None:
    """Apply one change of a parameter."""
    client = applying.session.ssm
    match change:
        case PutParameter():
            _put(change, applying)
        case RecreateParameter():
            _recreate(change, applying)
        case AdoptParameter():
            ssm.adopt(client, change.parameter.path)
        case DeleteParameter():
            ssm.delete(client, change.path)
        case _:
            assert_never(change)


def _put(change: PutParameter, applying: Applying) -> None:
    parameter, client = change.parameter, applying.session.ssm
    value = secrets.make(parameter, applying.session) if parameter.value is None else parameter.value
    description = parameter.description or ""
    version = ssm.put(client, parameter.path, value, description, create=change.version == 1, tier=change.tier)
    if change.adopts:
        ssm.adopt(client, parameter.path)
    if version == change.version:
        return
    if not ssm.holds_only(client, parameter.path, range(change.version, version), value):
        raise StateUnknown(
            f"{parameter.path} is now version {version}, not {change.version}: another caller wrote it too",
            fix="agree on who changes it, then run again",
        )
    applying.repeated = True


def _recreate(change: RecreateParameter, applying: Applying) -> None:
    parameter, client = change.parameter, applying.session.ssm
    value = secrets.make(parameter, applying.session) if parameter.value is None else parameter.value
    applying.report_progress("", f"the last value of {parameter.path} is kept in {change.kept}")
    description = parameter.description or ""
    pause = applying.recreation_seconds
    ssm.recreate(client, parameter.path, value, description, kept=change.kept, pause=pause, tier=change.tier)
