"""Auto scaling configurations: immutable revisions below a name.

Rules of the API reference (CreateAutoScalingConfiguration, DeleteAutoScalingConfiguration) and the quotas of the
developer guide's page "App Runner architecture".
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

from deployer.local.apprunner.errors import InvalidRequest, QuotaExceeded, ResourceNotFound

JSON = dict[str, Any]

DEFAULT_NAME = "DefaultConfiguration"
MOST_NAMES, MOST_REVISIONS, MOST_INSTANCES = 10, 5, 25


@dataclass
class Revision:
    arn: str
    name: str
    number: int
    concurrency: int
    low: int
    high: int
    tags: dict[str, str]
    created_at: float = field(default_factory=time.time)
    deleted_at: float | None = None

    @property
    def active(self) -> bool:
        return self.deleted_at is None


class Scaling:
    """The configurations of an account and region. `in_use` is asked which revisions services are joined with."""

    def __init__(self, account: str, region: str) -> None:
        self._prefix = f"arn:aws:apprunner:{region}:{account}:autoscalingconfiguration/"
        self._all: list[Revision] = []
        first = Revision(f"{self._prefix}{DEFAULT_NAME}/1/{1:032x}", DEFAULT_NAME, 1, 100, 1, 25, {})
        self._all.append(first)
        self._default = first

    @property
    def default(self) -> Revision:
        """What a new service gets that names none."""
        return self._default

    def create(self, name: str, *, concurrency: int, low: int, high: int, tags: dict[str, str]) -> Revision:
        if name == DEFAULT_NAME:
            raise InvalidRequest(f"The name {DEFAULT_NAME} is reserved.")
        if low > high:
            raise InvalidRequest(f"MinSize {low} is more than MaxSize {high}.")
        if high > MOST_INSTANCES:
            raise QuotaExceeded(f"MaxSize {high} is more than the quota of {MOST_INSTANCES} instances.")
        names = {revision.name for revision in self._active() if revision.name != DEFAULT_NAME}
        if name not in names and len(names) >= MOST_NAMES:
            raise QuotaExceeded(f"There are {MOST_NAMES} auto scaling configurations already.")
        if len(self._active(name)) >= MOST_REVISIONS:
            raise QuotaExceeded(f"{name} has {MOST_REVISIONS} revisions already; delete one that is not in use.")
        number = 1 + max((revision.number for revision in self._all if revision.name == name), default=0)
        arn = f"{self._prefix}{name}/{number}/{uuid.uuid4().hex}"
        revision = Revision(arn, name, number, concurrency, low, high, tags)
        self._all.append(revision)
        return revision

    def find(self, arn: str, *, active: bool = False) -> Revision:
        """By a full ARN, or one that ends in the name or in name/revision. Raises ResourceNotFound."""
        parts = arn.removeprefix(self._prefix).split("/") if arn.startswith(self._prefix) else []
        found = [
            revision
            for revision in self._all
            if parts in ([revision.name, str(revision.number)], revision.arn.removeprefix(self._prefix).split("/"))
        ]
        if len(parts) == 1:
            found = self._active(parts[0])[-1:]
        if not found or (active and not found[0].active):
            raise ResourceNotFound(f"There is no auto scaling configuration {arn}.")
        return found[0]

    def listed(self, name: str | None, *, latest_only: bool) -> list[Revision]:
        """The active ones, newest first."""
        revisions = self._active(name)
        if latest_only:
            revisions = [revision for revision in revisions if self._latest(revision)]
        return revisions[::-1]

    def delete(self, arn: str, *, every: bool, in_use: set[str]) -> Revision:
        """Delete one revision, or all of a name. The default and those in use are refused."""
        found = self.find(arn, active=True)
        if every and arn != self._prefix + found.name:
            raise InvalidRequest("DeleteAllRevisions takes only an ARN that ends in the configuration's name.")
        doomed = self._active(found.name) if every else [found]
        for revision in doomed:
            if revision is self._default or revision.name == DEFAULT_NAME:
                raise InvalidRequest(f"{revision.arn} is the default and cannot be deleted.")
            if revision.arn in in_use:
                raise InvalidRequest(f"{revision.arn} is used by a service and cannot be deleted.")
        for revision in doomed:
            revision.deleted_at = time.time()
        return found

    def make_default(self, arn: str) -> Revision:
        self._default = self.find(arn, active=True)
        return self._default

    def summary(self, revision: Revision, in_use: set[str]) -> JSON:
        return {
            "AutoScalingConfigurationArn": revision.arn,
            "AutoScalingConfigurationName": revision.name,
            "AutoScalingConfigurationRevision": revision.number,
            "Status": "ACTIVE" if revision.active else "INACTIVE",
            "CreatedAt": revision.created_at,
            "HasAssociatedService": revision.arn in in_use,
            "IsDefault": revision is self._default,
        }

    def describe(self, revision: Revision, in_use: set[str]) -> JSON:
        deleted = {"DeletedAt": revision.deleted_at} if revision.deleted_at else {}
        return {
            **self.summary(revision, in_use),
            "Latest": self._latest(revision),
            "MaxConcurrency": revision.concurrency,
            "MinSize": revision.low,
            "MaxSize": revision.high,
            **deleted,
        }

    def _active(self, name: str | None = None) -> list[Revision]:
        return [revision for revision in self._all if revision.active and name in (None, revision.name)]

    def _latest(self, revision: Revision) -> bool:
        return self._active(revision.name)[-1:] == [revision]
