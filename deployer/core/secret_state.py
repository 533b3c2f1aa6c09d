"""The state of each secret of an environment: missing, waiting for a deployment, or held by the containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from deployer.core.observed import ObservedParameter
from deployer.core.release import RecordedRelease, last_healthy


class SecretStatus(StrEnum):
    """The status of a secret. Programs read these values, so they never change their meaning."""

    MISSING = "missing"  # it has no parameter
    READABLE = "readable"  # its parameter is a plain String
    UNDEPLOYED = "undeployed"  # no running release holds it
    RUNNING = "running"  # the containers hold its newest version
    STAGED = "staged"  # the containers get its newest version with the next deployment


class SecretState(Struct, frozen=True):
    """One secret, without anything of its value.

    `version` and `running` are None while there is none; `changed` is seconds since 1970, `by` an ARN, "" if unknown.
    """

    name: str
    version: int | None
    running: int | None
    changed: float
    by: str
    status: SecretStatus


def secret_states(
    paths: Mapping[str, str], parameters: Mapping[str, ObservedParameter], releases: Sequence[RecordedRelease]
) -> tuple[SecretState, ...]:
    """The state of each secret. `paths` gives its parameter by name, `parameters` what SSM holds by path."""
    live = last_healthy(releases)
    return tuple(_state(name, parameters.get(path), live) for name, path in paths.items())


def _state(name: str, parameter: ObservedParameter | None, live: RecordedRelease | None) -> SecretState:
    running = live.release.versions.get(name.upper().replace("-", "_")) if live else None
    if parameter is None:
        return SecretState(name, None, running, 0.0, "", SecretStatus.MISSING)
    if not parameter.secure:
        status = SecretStatus.READABLE
    elif live is None or running is None:
        status = SecretStatus.UNDEPLOYED
    elif running == parameter.version and parameter.changed <= live.at:
        status = SecretStatus.RUNNING
    else:
        status = SecretStatus.STAGED
    return SecretState(name, parameter.version, running, parameter.changed, parameter.changed_by, status)
