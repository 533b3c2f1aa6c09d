"""Observability configurations. They are stored and reported; nothing is traced here.

Rules of the API reference (CreateObservabilityConfiguration, DeleteObservabilityConfiguration), quotas of the developer
guide's page "App Runner architecture". Every account has DefaultConfiguration, with AWS X-Ray. The messages are this
emulator's own.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deployer.local.apprunner import tags
from deployer.local.apprunner.errors import InvalidRequest, QuotaExceeded
from deployer.local.apprunner.paging import page
from deployer.local.apprunner.revisions import Revision, Revisions
from deployer.local.apprunner.state import Services

JSON = dict[str, Any]
Request = Mapping[str, Any]

DEFAULT_NAME = "DefaultConfiguration"
MOST_NAMES, MOST_REVISIONS = 10, 10


@dataclass(kw_only=True)
class Tracing(Revision):
    """A tracing configuration. `vendor` is "" if tracing is not enabled."""

    vendor: str

    def summary(self) -> JSON:
        return {
            "ObservabilityConfigurationArn": self.arn,
            "ObservabilityConfigurationName": self.name,
            "ObservabilityConfigurationRevision": self.number,
        }


class Observability(Revisions[Tracing]):
    """The configurations of an account and region."""

    def __init__(self, account: str, region: str) -> None:
        super().__init__(account, region, "observabilityconfiguration", "observability configuration")
        arn = f"{self.prefix}{DEFAULT_NAME}/1/{1:032x}"
        self.add(Tracing(arn=arn, name=DEFAULT_NAME, number=1, tags={}, vendor="AWSXRAY"))

    def create(self, name: str, vendor: str, tagged: dict[str, str]) -> Tracing:
        if name == DEFAULT_NAME:
            raise InvalidRequest(f"The name {DEFAULT_NAME} is reserved.")
        names = {revision.name for revision in self.active() if revision.name != DEFAULT_NAME}
        if name not in names and len(names) >= MOST_NAMES:
            raise QuotaExceeded(f"There are {MOST_NAMES} observability configurations already.")
        if len(self.active(name)) >= MOST_REVISIONS:
            raise QuotaExceeded(f"{name} has {MOST_REVISIONS} revisions already; delete one that is not in use.")
        arn, number = self.next_arn(name)
        return self.add(Tracing(arn=arn, name=name, number=number, tags=tagged, vendor=vendor))

    def delete(self, arn: str, in_use: set[str]) -> Tracing:
        revision = self.find(arn, active=True)
        if revision.name == DEFAULT_NAME:
            raise InvalidRequest(f"{revision.arn} is the default and cannot be deleted.")
        if revision.arn in in_use:
            raise InvalidRequest(f"{revision.arn} is used by a service and cannot be deleted.")
        revision.deleted_at = time.time()
        return revision

    def describe(self, revision: Tracing) -> JSON:
        deleted = {"DeletedAt": revision.deleted_at} if revision.deleted_at else {}
        traced = {"TraceConfiguration": {"Vendor": revision.vendor}} if revision.vendor else {}
        return {
            **revision.summary(),
            **traced,
            "Latest": self.latest(revision),
            "Status": revision.status,
            "CreatedAt": revision.created_at,
            **deleted,
        }


class ObservabilityApi:
    """The operations on observability configurations. Each takes a request that fits the API's model. Any thread."""

    def __init__(self, services: Services, observability: Observability) -> None:
        self._services = services
        self._observability = observability

    def create(self, request: Request) -> JSON:
        tagged = tags.of(request.get("Tags"))
        vendor = (request.get("TraceConfiguration") or {}).get("Vendor", "")
        with self._services.lock:
            return self._answer(self._observability.create(request["ObservabilityConfigurationName"], vendor, tagged))

    def describe(self, request: Request) -> JSON:
        with self._services.lock:
            return self._answer(self._observability.find(request["ObservabilityConfigurationArn"]))

    def list(self, request: Request) -> JSON:
        with self._services.lock:
            revisions = self._observability.listed(
                request.get("ObservabilityConfigurationName"), latest_only=request.get("LatestOnly") is not False
            )
            shown, more = page(revisions, request, key=lambda revision: revision.arn)
            return {"ObservabilityConfigurationSummaryList": [revision.summary() for revision in shown], **more}

    def delete(self, request: Request) -> JSON:
        with self._services.lock:
            arn = request["ObservabilityConfigurationArn"]
            return self._answer(self._observability.delete(arn, self._services.observability_in_use()))

    def _answer(self, revision: Tracing) -> JSON:
        return {"ObservabilityConfiguration": self._observability.describe(revision)}
