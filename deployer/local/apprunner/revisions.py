"""Numbered revisions of named resources, shared by auto scaling, observability and VPC connectors."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from deployer.local.apprunner.errors import InvalidRequest, ResourceNotFound


@dataclass(kw_only=True)
class Revision:
    """A revision. A deleted revision can be described, but not used."""

    arn: str
    name: str
    number: int
    tags: dict[str, str]
    created_at: float = field(default_factory=time.time)
    deleted_at: float | None = None

    @property
    def active(self) -> bool:
        return self.deleted_at is None

    @property
    def status(self) -> str:
        return "ACTIVE" if self.active else "INACTIVE"


Kind = TypeVar("Kind", bound=Revision)


class Revisions(Generic[Kind]):
    """All revisions of one kind of resource in an account and region, oldest first.

    `kind` is the resource's word in an ARN, such as "vpcconnector"; `title` its name for people.
    """

    def __init__(self, account: str, region: str, kind: str, title: str) -> None:
        self.prefix = f"arn:aws:apprunner:{region}:{account}:{kind}/"
        self._title = title
        self._all: list[Kind] = []

    def next_arn(self, name: str) -> tuple[str, int]:
        """Return the ARN and the number of the next revision of a name."""
        number = 1 + max((revision.number for revision in self._all if revision.name == name), default=0)
        return f"{self.prefix}{name}/{number}/{uuid.uuid4().hex}", number

    def add(self, revision: Kind) -> Kind:
        self._all.append(revision)
        return revision

    def find(self, arn: str, *, active: bool = False) -> Kind:
        """Find a revision by its full ARN, or by an ARN that ends in name or name/revision. Raises ResourceNotFound."""
        parts = arn.removeprefix(self.prefix).split("/") if arn.startswith(self.prefix) else []
        matching = [
            revision
            for revision in self._all
            if parts in ([revision.name, str(revision.number)], revision.arn.removeprefix(self.prefix).split("/"))
        ]
        if len(parts) == 1:
            matching = self.active(parts[0])[-1:]
        if not matching or (active and not matching[-1].active):
            raise ResourceNotFound(f"There is no {self._title} {arn}.")
        return matching[-1]

    def chosen(self, arn: str) -> Kind:
        """Return the active revision for a service. Raises InvalidRequest, because the service's request is invalid."""
        try:
            return self.find(arn, active=True)
        except ResourceNotFound as missing:
            raise InvalidRequest(missing.message) from None

    def active(self, name: str | None = None) -> list[Kind]:
        return [revision for revision in self._all if revision.active and name in (None, revision.name)]

    def latest(self, revision: Kind) -> bool:
        return self.active(revision.name)[-1:] == [revision]

    def listed(self, name: str | None, *, latest_only: bool) -> list[Kind]:
        """Return the active revisions, newest first."""
        revisions = self.active(name)
        if latest_only:
            revisions = [revision for revision in revisions if self.latest(revision)]
        return revisions[::-1]
