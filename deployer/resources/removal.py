"""What is deleted with an environment, what is kept, and why. Data; each kind of resource decides about its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from deployer.core.observed import ObservedParameter, RemovableRole

Kind = Literal["service", "scaling", "parameter", "secret", "role", "policy", "repository", "table"]


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

    kind: Kind
    name: str


class UsedBy(Struct, frozen=True):
    """Another environment uses it."""

    environment: str


class NeedsOption(Struct, frozen=True):
    """It is deleted only with an option of the command line."""

    option: Literal["--with-secrets", "--with-repository"]


class NotOurs(Struct, frozen=True):
    """It does not carry the deployer's tag."""


class NotManaged(Struct, frozen=True):
    """The manifest does not let the deployer manage it."""


class OtherTable(Struct, frozen=True):
    """The table has other keys or indexes than the service uses."""


class OtherPolicies(Struct, frozen=True):
    """The role has policies that the deployer did not write."""

    names: tuple[str, ...]


class BelowThePath(Struct, frozen=True):
    """The parameter's path is below that of the environment's parameters."""


class History(Struct, frozen=True):
    """The ledger is never deleted."""


class TargetLogs(Struct, frozen=True):
    """The platform with this title owns the logs."""

    title: str


Reason = UsedBy | NeedsOption | NotOurs | NotManaged | OtherTable | OtherPolicies | BelowThePath | History | TargetLogs


class Kept(Struct, frozen=True):
    """Something that is kept, and why."""

    kind: str
    name: str
    reason: Reason


class MessagesWait(Struct, frozen=True):
    """Messages of this many users wait for an answer."""

    users: int


class Unready(Struct, frozen=True):
    """Something that would be deleted, but not before `until` has ended: nothing of the environment is deleted."""

    kind: Kind
    name: str
    until: MessagesWait


class Removals(Struct, frozen=True):
    """Everything that is deleted and kept, in the order in which it is shown and deleted.

    `unready` is what has to wait, and with it all of `deleted`.
    """

    deleted: tuple[Removal, ...]
    kept: tuple[Kept, ...]
    unready: tuple[Unready, ...] = ()
