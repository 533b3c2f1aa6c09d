"""What was changed outside the deployer, from the changes of a plan that would set it back."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.change import (
    AdoptParameter,
    Change,
    CreateRepository,
    DeployService,
    KeepImage,
    MendRepository,
    PauseService,
    PushImage,
    PutLifecycle,
    PutParameter,
    PutRole,
    RecreateParameter,
    ServiceVariable,
    TagService,
)
from deployer.core.desired import Desired
from deployer.core.drift_item import DriftItem, parameter_item, version_at
from deployer.core.facts import Facts, ParameterFact, RepositoryFact, ServiceFact
from deployer.core.groups.plain import sides
from deployer.core.groups.service import service_drift
from deployer.core.lifecycle import kept
from deployer.core.reasons import drifted
from deployer.core.release import Release


def drift_of(change: Change, desired: Desired, facts: Facts, last: Release) -> Iterator[DriftItem]:
    """The differences that a change would set back; none when the change has another reason.

    A deployment takes back everything: only what of the service itself was changed is its own. `last` is the recorded
    release that runs.
    """
    if isinstance(change, DeployService) and change.arn is not None:
        if change.outside and facts.service:
            yield from service_drift(facts.service, last)
        return
    if drifted(change.reason):
        yield _item(change, desired, facts, last)


def _item(change: Change, desired: Desired, facts: Facts, last: Release) -> DriftItem:
    match change:
        case PutParameter() | RecreateParameter():
            return _parameter(change, facts.parameters.get(change.parameter.path), last)
        case AdoptParameter():
            return DriftItem(change.parameter.path, "tag", "managed-by=deployer", None)
        case ServiceVariable():
            return _service_variable(change, desired, facts, last)
        case PutRole():
            live = None if change.create else f"another {change.reason.partition('its ')[2]}"
            return DriftItem(change.address, "role", change.detail, live)
        case PushImage() | KeepImage():
            return DriftItem(change.address, "image", change.digest, None)
        case CreateRepository() | MendRepository() | PutLifecycle():
            return _repository(change, facts.repository)
        case _:
            return _service(change, facts.service, last)


def _service(change: Change, live: ServiceFact | None, last: Release) -> DriftItem:
    match change:
        case TagService():
            had = live.tags if live else {}
            tags = ", ".join(f"{key}={had[key]}" for key in sorted(change.tags) if key in had)
            return DriftItem(change.name, "tag", change.detail, tags or None)
        case PauseService():
            return DriftItem(change.name, "service", "paused", "running")
        case _:  # it is gone
            return DriftItem(change.address, "service", f"release {last.id}", None)


def _repository(change: CreateRepository | MendRepository | PutLifecycle, live: RepositoryFact | None) -> DriftItem:
    match change:
        case CreateRepository():
            return DriftItem(change.address, "repository", change.detail, None)
        case MendRepository():
            was, now = zip(*_wrong(change), strict=True)
            return DriftItem(change.address, "repository", ", ".join(was), ", ".join(now))
        case PutLifecycle():
            rules = _rules(live.lifecycle if live else None, change.keep)
            return DriftItem(change.address, "lifecycle", change.detail, rules)


def _rules(policy: str | None, keep: int) -> str | None:
    if policy is None:
        return None
    count = kept(policy)
    return f"keep the newest {count} images" if count not in {0, keep} else "other rules"


def _wrong(change: MendRepository) -> Iterator[tuple[str, str]]:
    if not change.immutable:
        yield "immutable tags", "mutable tags"
    if not change.scan_on_push:
        yield "scan on push", "no scan on push"


def _parameter(change: PutParameter | RecreateParameter, found: ParameterFact | None, last: Release) -> DriftItem:
    """A literal by its values; a secret, or what became one, by versions and paths."""
    wanted = change.parameter
    version = last.versions.get(wanted.variable)
    recorded = last.literals.get(wanted.variable)
    if recorded is None:
        recorded = version_at(version, wanted.path)
    kind = "secret" if wanted.secure else "literal"
    return parameter_item(wanted.variable, kind, recorded, live_side(wanted.path, found, secret=wanted.secure), found)


def live_side(path: str, found: ParameterFact | None, *, secret: bool) -> str | None:
    """What a parameter holds now: a literal's value, a StringList as such, anything else by type, version and path."""
    if found is None:
        return None
    if found.secure:
        return version_at(found.version, path) if secret else f"SecureString v{found.version} of {path}"
    if secret or (found.value is None and found.listed is None):
        return f"plain {found.type} v{found.version} of {path}"
    return found.value if found.value is not None else f"StringList {found.listed}"


def _service_variable(change: ServiceVariable, desired: Desired, facts: Facts, last: Release) -> DriftItem:
    recorded, live, path = sides(desired, facts, last, change.variable)
    found = facts.parameters.get(path) if path else None
    if path is None:
        return DriftItem(change.variable, change.kind, recorded, live)
    return parameter_item(change.variable, "reference", recorded, live, found)
