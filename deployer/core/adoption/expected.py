"""The changes that the first plan of an adopted environment shows: what the deployer adds to every service."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from deployer.core.adoption.choice import Choice
from deployer.core.adoption.live import Live
from deployer.core.adoption.reason import CommandFault
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.target import ServiceStatus


class SecretsUnset(Struct, frozen=True):
    """It is blocked until these secrets are set."""

    names: tuple[str, ...]


class ParametersTagged(Struct, frozen=True):
    """This many parameters get the deployer's tag."""

    count: int


class ParametersLeftAlone(Struct, frozen=True):
    """Parameters that the manifest leaves out stay."""


class VariablesRemoved(Struct, frozen=True):
    """The service loses variables that the manifest leaves out."""


class RepositoryRecreated(Struct, frozen=True):
    """The repository is gone, and created again."""

    repository: str


class RepositoryHardened(Struct, frozen=True):
    """The repository gets immutable tags and scans each image."""

    repository: str


class LifecycleAdded(Struct, frozen=True):
    """The repository gets rules for old images."""

    repository: str


class LifecycleReplaced(Struct, frozen=True):
    """The repository's rules for old images are replaced."""

    repository: str


class SecondTag(Struct, frozen=True):
    """The image gets a second tag."""


class Paused(Struct, frozen=True):
    """The service is paused: nothing is deployed before it runs again."""

    service: str


class NewScaling(Struct, frozen=True):
    """The service gets a scaling revision of its own."""

    service: str


class ServiceTags(Struct, frozen=True):
    """The service gets the deployer's tags."""

    service: str


class ReleaseVariable(Struct, frozen=True):
    """The service gets the variable that names its release."""

    service: str


class ImageByDigest(Struct, frozen=True):
    """The service names its image by digest. `tag` is its tag now."""

    service: str
    tag: str


class CommandRemoved(Struct, frozen=True):
    """The service loses its start command, which no manifest can hold."""

    service: str
    fault: CommandFault


class AutomaticDeploymentsOff(Struct, frozen=True):
    """The platform deploys nothing by itself any more."""

    service: str


class ReferencesByArn(Struct, frozen=True):
    """The service names its parameters by their ARNs."""

    service: str


Expectation = (
    SecretsUnset
    | ParametersTagged
    | ParametersLeftAlone
    | VariablesRemoved
    | RepositoryRecreated
    | RepositoryHardened
    | LifecycleAdded
    | LifecycleReplaced
    | SecondTag
    | Paused
    | NewScaling
    | ServiceTags
    | ReleaseVariable
    | ImageByDigest
    | CommandRemoved
    | AutomaticDeploymentsOff
    | ReferencesByArn
)


def expected_changes(live: Live, choice: Choice) -> tuple[Expectation, ...]:
    """Every kind of change, once, in the order in which they are shown."""
    return (*_variables(live, choice), *_image(live), *_service(live))


def _variables(live: Live, choice: Choice) -> Iterator[Expectation]:
    taken, left = choice.taken, choice.left
    if unset := tuple(one.name for one in taken if one.unset):
        yield SecretsUnset(unset)
    observed = [live.parameters.get(f"{live.parameter_path}/{one.name}") for one in taken if not one.unset]
    foreign = sum(parameter is not None and not parameter.ours for parameter in observed)
    if foreign:
        yield ParametersTagged(foreign)
    if any(one.name.startswith("/") for one in left):
        yield ParametersLeftAlone()
    if any(one.reaches for one in left):
        yield VariablesRemoved()


def _image(live: Live) -> Iterator[Expectation]:
    repository, name = live.repository, live.source.repository
    if repository is None:
        yield RepositoryRecreated(name)
    elif not (repository.immutable and repository.scan_on_push):
        yield RepositoryHardened(name)
    yield LifecycleAdded(name) if repository is None or repository.lifecycle is None else LifecycleReplaced(name)
    yield SecondTag()


def _service(live: Live) -> Iterator[Expectation]:
    spec, name = live.service.spec, live.source.service
    if live.service.status is ServiceStatus.PAUSED:
        yield Paused(name)
    yield from live.target.adoption().expected(live)
    yield ServiceTags(name)
    if RELEASE_VARIABLE not in spec.environment:
        yield ReleaseVariable(name)
    if live.source.tag:
        yield ImageByDigest(name, live.source.tag)
    yield from live.target.adoption().removed(live)
    if any(reference.startswith("/") for reference in spec.secrets.values()):
        yield ReferencesByArn(name)
