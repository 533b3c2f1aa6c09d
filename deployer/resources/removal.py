"""What is deleted with an environment, what is kept, and why. Data; each kind of resource decides about its own."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from deployer.core.observed import ObservedParameter, RemovableRole
from deployer.resources.unions import Reason, RemovalKind, Until


class RemovalOptions(Struct, frozen=True):
    """What the user asked to delete too. A deleted secret cannot be read back, a deleted image cannot be rebuilt."""

    secrets: bool = False
    repository: bool = False


class Remains(Struct, frozen=True):
    """What is left of an environment in AWS. `service` is its ARN; `scalings` counts the revisions of its name.

    `parameters` is keyed by path, `roles` by name: those that the manifest manages and that exist. `shared` maps the
    name of a role, the repository or a table to another environment of the same account that uses it. `replaced` are
    the paths of values that were kept when a parameter was recreated with another type. `resources` is what is left of
    other kinds, by the name of the kind.
    """

    service: str | None
    scalings: int
    shared: Mapping[str, str]
    parameters: Mapping[str, ObservedParameter] = field(default_factory=dict)
    roles: Mapping[str, RemovableRole] = field(default_factory=dict)
    repository: bool = False
    resources: Mapping[str, Struct] = field(default_factory=dict)
    replaced: tuple[str, ...] = ()


class Removal(Struct, frozen=True):
    """Something that is deleted. A policy is deleted from a role that is kept: its name is ROLE/POLICY."""

    kind: RemovalKind
    name: str


class KeptResource(Struct, frozen=True):
    """Something that is kept, and why."""

    kind: str
    name: str
    reason: Reason


class UnreadyResource(Struct, frozen=True):
    """Something that would be deleted, but not before `until` has ended: nothing of the environment is deleted."""

    kind: RemovalKind
    name: str
    until: Until


class Removals(Struct, frozen=True):
    """Everything that is deleted and kept, in the order in which it is shown and deleted.

    `unready` is what has to wait, and with it all of `deleted`.
    """

    deleted: tuple[Removal, ...]
    kept: tuple[KeptResource, ...]
    unready: tuple[UnreadyResource, ...] = ()
