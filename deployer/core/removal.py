"""What it means to take an environment away: what is deleted, in which order, and what stays and why. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from msgspec import Struct

from deployer.core.desired import Desired
from deployer.core.facts import ParameterFact, RemovableRole

Kind = Literal["service", "scaling", "parameter", "secret", "role", "policy", "repository"]


class Wish(Struct, frozen=True):
    """What was asked to go, too. A secret cannot be read back once it is deleted, and an image is not built again."""

    secrets: bool = False
    repository: bool = False


class Remains(Struct, frozen=True):
    """What is left of an environment in AWS. `service` is its ARN; `scalings` counts the revisions of its name.

    `parameters` is keyed by path, `roles` by name: those the manifest manages and that exist. `shared` says who else
    names a role or the repository: another environment of the same account, by the name of the resource. `replaced` are
    the paths of values that were kept when a parameter was recreated with another type.
    """

    service: str | None
    scalings: int
    parameters: Mapping[str, ParameterFact]
    roles: Mapping[str, RemovableRole]
    repository: bool
    shared: Mapping[str, str]
    replaced: tuple[str, ...] = ()


class Removal(Struct, frozen=True):
    """One thing that is deleted."""

    kind: Kind
    name: str
    note: str = ""


class Kept(Struct, frozen=True):
    """One thing that stays, and why."""

    kind: str
    name: str
    why: str


class Removals(Struct, frozen=True):
    """All of it. Both are in the order in which they are shown, and deleted."""

    deleted: tuple[Removal, ...]
    kept: tuple[Kept, ...]


def removals(wanted: Desired, remains: Remains, wish: Wish) -> Removals:
    """What goes and what stays. The service goes first: nothing that it reads is taken away while it runs."""
    every = (
        *_service(wanted, remains),
        *_parameters(wanted, remains, wish),
        *_roles(remains),
        *_repository(wanted, remains, wish),
        *_always(wanted),
    )
    return Removals(
        tuple(one for one in every if isinstance(one, Removal)),
        tuple(one for one in every if isinstance(one, Kept)),
    )


def _service(wanted: Desired, remains: Remains) -> Iterator[Removal]:
    if remains.service:
        yield Removal("service", wanted.service_name, "its address stops answering; a new service gets another")
    if remains.scalings:
        yield Removal("scaling", wanted.service_name)


def _parameters(wanted: Desired, remains: Remains, wish: Wish) -> Iterator[Removal | Kept]:
    for path, fact in sorted(remains.parameters.items()):
        if path.rpartition("/")[0] != wanted.parameter_path:
            yield Kept("parameter", path, "its path is below that of this environment's parameters")
        elif not fact.ours:
            yield Kept("parameter", path, "it does not carry the deployer's tag")
        elif not fact.secure:
            yield Removal("parameter", path)
        elif wish.secrets:
            yield Removal("secret", path, "its value cannot be recovered")
        else:
            yield Kept("secret", path, "--with-secrets deletes it")
    for path in remains.replaced:
        if wish.secrets:
            yield Removal("secret", path, "its value cannot be recovered")
        else:
            yield Kept("secret", path, "--with-secrets deletes it")


def _roles(remains: Remains) -> Iterator[Removal | Kept]:
    for name, role in sorted(remains.roles.items()):
        stays = name in remains.shared or role.foreign
        if stays and role.ours and role.policy:
            yield Removal("policy", f"{name}/{role.policy}", "inside a role that stays: this environment's own rights")
        if name in remains.shared:
            yield Kept("role", name, f"{remains.shared[name]} uses it")
        elif not role.ours:
            yield Kept("role", name, "it does not carry the deployer's tag")
        elif role.foreign:
            yield Kept("role", name, f"it has policies of others: {', '.join(role.foreign)}")
        else:
            yield Removal("role", name)


def _repository(wanted: Desired, remains: Remains, wish: Wish) -> Iterator[Removal | Kept]:
    name = wanted.image.repository
    if not remains.repository:
        return
    if name in remains.shared:
        yield Kept("repository", name, f"{remains.shared[name]} uses it")
    elif wish.repository:
        yield Removal("repository", name, "with every image in it")
    else:
        yield Kept("repository", name, "--with-repository deletes it, with every image in it")


def _always(wanted: Desired) -> Iterator[Kept]:
    yield Kept("history", wanted.ledger, "what was released, when and by whom; it holds no secret")
    logs = wanted.target.log_groups.format(service=wanted.service_name)
    yield Kept("logs", logs, f"{wanted.target.title}'s own; CloudWatch keeps them")
