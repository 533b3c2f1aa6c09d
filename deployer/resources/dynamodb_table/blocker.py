"""What blocks a plan about the table of the inbox."""

from __future__ import annotations

from deployer.core.blocker import BaseBlocker
from deployer.resources.dynamodb_table.state import Shape


class MissingTable(BaseBlocker, frozen=True):
    """A table that the manifest does not manage does not exist."""

    table: str


class ForeignTable(BaseBlocker, frozen=True):
    """The table carries the tags of another environment."""

    table: str
    arn: str
    app: str
    environment: str


class BusyTable(BaseBlocker, frozen=True):
    """The table cannot be used or changed now. `status` is DynamoDB's word, such as DELETING."""

    table: str
    status: str


class OtherShape(BaseBlocker, frozen=True):
    """The table has other keys or indexes than the service uses. Recreating it would lose its messages.

    `managed` means that the deployer would create it.
    """

    table: str
    live: Shape
    desired: Shape
    managed: bool


class OtherInbox(BaseBlocker, frozen=True):
    """The release to roll back to keeps its inbox in a table that the manifest does not name."""

    number: int
    table: str


TableBlocker = MissingTable | ForeignTable | BusyTable | OtherShape | OtherInbox
