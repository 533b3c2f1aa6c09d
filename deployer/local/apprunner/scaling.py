"""Auto scaling configurations: immutable revisions of a name.

Rules of the API reference (CreateAutoScalingConfiguration, DeleteAutoScalingConfiguration) and the quotas of the
developer guide's page "App Runner architecture".
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from deployer.local.apprunner.errors import InvalidRequest, QuotaExceeded
from deployer.local.apprunner.revisions import Revision, Revisions

JSON = dict[str, Any]

DEFAULT_NAME = "DefaultConfiguration"
MOST_NAMES, MOST_REVISIONS, MOST_INSTANCES = 10, 5, 25


@dataclass(kw_only=True)
class ScalingRevision(Revision):
    concurrency: int
    low: int
    high: int


class Scaling(Revisions[ScalingRevision]):
    """The configurations of an account and region. `in_use` returns the revisions that services use."""

    def __init__(self, account: str, region: str) -> None:
        super().__init__(account, region, "autoscalingconfiguration", "auto scaling configuration")
        arn = f"{self.prefix}{DEFAULT_NAME}/1/{1:032x}"
        first = ScalingRevision(arn=arn, name=DEFAULT_NAME, number=1, tags={}, concurrency=100, low=1, high=25)
        self._default = self.add(first)

    @property
    def default(self) -> ScalingRevision:
        """Return the configuration of a new service that names none."""
        return self._default

    def create(self, name: str, *, concurrency: int, low: int, high: int, tags: dict[str, str]) -> ScalingRevision:
        if name == DEFAULT_NAME:
            raise InvalidRequest(f"The name {DEFAULT_NAME} is reserved.")
        if low > high:
            raise InvalidRequest(f"MinSize {low} is more than MaxSize {high}.")
        if high > MOST_INSTANCES:
            raise QuotaExceeded(f"MaxSize {high} is more than the quota of {MOST_INSTANCES} instances.")
        names = {revision.name for revision in self.active() if revision.name != DEFAULT_NAME}
        if name not in names and len(names) >= MOST_NAMES:
            raise QuotaExceeded(f"There are {MOST_NAMES} auto scaling configurations already.")
        if len(self.active(name)) >= MOST_REVISIONS:
            raise QuotaExceeded(f"{name} has {MOST_REVISIONS} revisions already; delete one that is not in use.")
        arn, number = self.next_arn(name)
        return self.add(
            ScalingRevision(arn=arn, name=name, number=number, tags=tags, concurrency=concurrency, low=low, high=high)
        )

    def delete(self, arn: str, *, every: bool, in_use: set[str]) -> ScalingRevision:
        """Delete one revision, or all of a name. The default and those in use are refused."""
        named = self.find(arn, active=True)
        if every and arn != self.prefix + named.name:
            raise InvalidRequest("DeleteAllRevisions takes only an ARN that ends in the configuration's name.")
        doomed = self.active(named.name) if every else [named]
        for revision in doomed:
            if revision is self._default or revision.name == DEFAULT_NAME:
                raise InvalidRequest(f"{revision.arn} is the default and cannot be deleted.")
            if revision.arn in in_use:
                raise InvalidRequest(f"{revision.arn} is used by a service and cannot be deleted.")
        for revision in doomed:
            revision.deleted_at = time.time()
        return named

    def make_default(self, arn: str) -> ScalingRevision:
        self._default = self.find(arn, active=True)
        return self._default

    def summary(self, revision: ScalingRevision, in_use: set[str]) -> JSON:
        return {
            "AutoScalingConfigurationArn": revision.arn,
            "AutoScalingConfigurationName": revision.name,
            "AutoScalingConfigurationRevision": revision.number,
            "Status": revision.status,
            "CreatedAt": revision.created_at,
            "HasAssociatedService": revision.arn in in_use,
            "IsDefault": revision is self._default,
        }

    def describe(self, revision: ScalingRevision, in_use: set[str]) -> JSON:
        deleted = {"DeletedAt": revision.deleted_at} if revision.deleted_at else {}
        return {
            **self.summary(revision, in_use),
            "Latest": self.latest(revision),
            "MaxConcurrency": revision.concurrency,
            "MinSize": revision.low,
            "MaxSize": revision.high,
            **deleted,
        }
