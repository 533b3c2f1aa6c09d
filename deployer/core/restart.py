"""Decide whether a service can be restarted or resumed without deploying another release."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from msgspec import Struct

from deployer.core.facts import Facts, ParameterFact, ServiceFact
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease
from deployer.names import variable_or_none


def running_release(facts: Facts) -> RecordedRelease | None:
    """The newest record of the release that the service runs, or ran before it was paused."""
    runs = facts.service.spec.environment.get(RELEASE_VARIABLE) if facts.service else None
    return next((entry for entry in reversed(facts.releases) if entry.release.id == runs), None)


class OtherVersion(Struct, frozen=True):
    """A variable whose parameter is another one than the release holds. `live` is its version, None if deleted.

    With the recorded version again it was deleted and recreated.
    """

    variable: str
    recorded: int
    live: int | None


def staged(entry: RecordedRelease, parameters: Mapping[str, ParameterFact], root: str) -> Iterator[OtherVersion]:
    """The variables whose parameter has another version than the release: a new instance would read another value.

    `root` is the environment's parameter path.
    """
    path = entry.release.path or root
    now = {variable_or_none(name, path): fact for name, fact in parameters.items()}
    for variable, version in sorted(entry.release.versions.items()):
        fact = now.get(variable)
        if fact is None:
            yield OtherVersion(variable, version, None)
        elif fact.version != version or fact.changed > entry.at:
            yield OtherVersion(variable, version, fact.version)


def consent_id(verb: str, service: ServiceFact) -> str:
    """12 hex digits over the verb and what it changes: the consent to exactly this."""
    parts = (verb, service.arn, service.status.value, service.spec.environment.get(RELEASE_VARIABLE))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]
