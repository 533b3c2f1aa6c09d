"""The state of each secret of an environment: missing, waiting for a deployment, or held by the containers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from deployer.core.facts import ParameterFact
from deployer.core.release import RecordedRelease, last_healthy


class SecretState(Struct, frozen=True):
    """One secret, without anything of its value.

    `version` and `running` are None while there is none; `changed` is seconds since 1970, `by` an ARN, "" if unknown.
    """

    name: str
    version: int | None
    running: int | None
    changed: float
    by: str
    state: str


def secret_states(
    paths: Mapping[str, str], found: Mapping[str, ParameterFact], releases: Sequence[RecordedRelease]
) -> tuple[SecretState, ...]:
    """The state of each secret. `paths` maps its name to its parameter, `found` a parameter to SSM's description."""
    live = last_healthy(releases)
    return tuple(_state(name, found.get(path), live) for name, path in paths.items())


def _state(name: str, fact: ParameterFact | None, live: RecordedRelease | None) -> SecretState:
    running = live.release.versions.get(name.upper().replace("-", "_")) if live else None
    if fact is None:
        return SecretState(name, None, running, 0.0, "", "missing")
    if not fact.secure:
        said = "a plain String"
    elif live is None or running is None:
        said = "not deployed yet"
    elif running == fact.version and fact.changed <= live.at:
        said = "running"
    else:
        said = "staged"
    return SecretState(name, fact.version, running, fact.changed, fact.changed_by, said)
