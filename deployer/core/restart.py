"""Decide whether a service can be restarted or resumed without deploying another release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from msgspec import Struct

from deployer.core.observed import Observed, ObservedParameter, ObservedService
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease
from deployer.names import variable_or_none


def running_release(observed: Observed) -> RecordedRelease | None:
    """The newest record of the release that the service runs, or ran before it was paused."""
    runs = observed.service.spec.environment.get(RELEASE_VARIABLE) if observed.service else None
    return next((entry for entry in reversed(observed.releases) if entry.release.id == runs), None)


class OtherVersion(Struct, frozen=True):
    """A variable whose parameter is another one than the release holds. `live` is its version, None if deleted.

    With the recorded version again it was deleted and recreated.
    """

    variable: str
    recorded: int
    live: int | None


def staged(entry: RecordedRelease, parameters: Mapping[str, ObservedParameter], root: str) -> Iterator[OtherVersion]:
    """The variables whose parameter has another version than the release: a new instance would read another value.

    `root` is the environment's parameter path.
    """
    path = entry.release.path or root
    now = {variable_or_none(name, path): parameter for name, parameter in parameters.items()}
    for variable, version in sorted(entry.release.versions.items()):
        parameter = now.get(variable)
        if parameter is None:
            yield OtherVersion(variable, version, None)
        elif parameter.version != version or parameter.changed > entry.at:
            yield OtherVersion(variable, version, parameter.version)


def consent_id(verb: str, service: ObservedService) -> str:
    """12 hex digits over the verb and what it changes: the consent to exactly this."""
    parts = (verb, service.arn, service.status.value, service.spec.environment.get(RELEASE_VARIABLE))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
