"""A DynamoDB table, whether desired or observed: its shape, and the settings that the deployer keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, Literal

from msgspec import Struct, field

KIND: Final = "dynamodb_table"  # its name in Desired.resources, Observed.resources and Remains.resources
ON_DEMAND: Final = "PAY_PER_REQUEST"
TABLE_ARN: Final = "arn:aws:dynamodb:{region}:{account}:table/{name}"

AttributeType = Literal["S", "N", "B"]  # text, number, binary
SettingName = Literal[
    "creation", "billing mode", "deletion protection", "stream", "point-in-time recovery", "expiry", "tags"
]


class Key(Struct, frozen=True):
    """An attribute by which items are found."""

    name: str
    type: AttributeType = "S"


class Index(Struct, frozen=True):
    """A global secondary index. `include` are the attributes that it repeats besides the keys, in order."""

    name: str
    keys: tuple[Key, ...]
    include: tuple[str, ...] = ()


class Shape(Struct, frozen=True):
    """What a table cannot change without losing its items: its keys, partition key first, and its indexes by name."""

    keys: tuple[Key, ...]
    indexes: tuple[Index, ...] = ()


class WaitingEntries(Struct, frozen=True):
    """How messages that wait are counted: the entries of an index in these partitions that have the attribute."""

    index: str
    partition_key: str
    partitions: tuple[str, ...]
    attribute: str


class DesiredTable(Struct, frozen=True):
    """A table that the service uses. `expires` is the attribute with the time of expiry, "" for none.

    With `managed` the deployer creates it and keeps its settings. `address` is what the service gets in `variable`.
    `tags` show the environment that it belongs to.
    """

    name: str
    shape: Shape
    expires: str
    managed: bool
    deletion_protection: bool
    variable: str
    address: str
    line: str
    tags: Mapping[str, str] = field(default_factory=dict)
    waiting: WaitingEntries | None = None


class Inbox(Struct, frozen=True):
    """The inbox of a service that can keep it in a table. `table` is None where the manifest names none.

    `address` is the format of the value of `variable`, with {table} and {region}.
    """

    variable: str
    address: str
    table: DesiredTable | None = None


class ObservedTable(Struct, frozen=True):
    """A table that exists. `status` is DynamoDB's.

    `indexed` means that no index is being created or deleted. `expires` is the attribute with the time of expiry, ""
    while that is off; `expiring` means that AWS still switches it on or off.
    """

    arn: str
    status: str
    shape: Shape
    indexed: bool = True
    billing_mode: str = ON_DEMAND
    deletion_protection: bool = False
    stream: bool = False
    recovery: bool = False
    expires: str = ""
    expiring: bool = False
    tags: Mapping[str, str] = field(default_factory=dict)


class TableSetting(Struct, frozen=True):
    """A setting that differs, with both states as text."""

    name: SettingName
    live: str
    desired: str


class TableRemains(Struct, frozen=True):
    """What decides whether a table can be deleted.

    `fits` means that it has the shape that the service uses; `waiting` counts the users whose messages wait.
    """

    tags: Mapping[str, str]
    waiting: int
    fits: bool = True


def belongs_to_another(tags: Mapping[str, str], own: Mapping[str, str]) -> bool:
    """Whether the tags of a table name another environment than those of this one."""
    return any(tags.get(key, own[key]) != own[key] for key in ("app", "environment"))
