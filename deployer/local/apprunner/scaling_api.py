"""The API of auto scaling configurations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deployer.local.apprunner import tags
from deployer.local.apprunner.paging import page
from deployer.local.apprunner.scaling import Scaling, ScalingRevision
from deployer.local.apprunner.state import Services

JSON = dict[str, Any]
Request = Mapping[str, Any]


class ScalingApi:
    """The operations on auto scaling configurations. Each takes a request that fits the API's model. Any thread."""

    def __init__(self, services: Services, scaling: Scaling) -> None:
        self._services = services
        self._scaling = scaling

    def create(self, request: Request) -> JSON:
        given_tags = tags.of(request.get("Tags"))
        with self._services.lock:
            revision = self._scaling.create(
                request["AutoScalingConfigurationName"],
                concurrency=request.get("MaxConcurrency") or 100,
                low=request.get("MinSize") or 1,
                high=request.get("MaxSize") or 25,
                tags=given_tags,
            )
            return self._answer(revision)

    def describe(self, request: Request) -> JSON:
        with self._services.lock:
            return self._answer(self._scaling.find(request["AutoScalingConfigurationArn"]))

    def list(self, request: Request) -> JSON:
        latest_only = request.get("LatestOnly")
        with self._services.lock:
            in_use = self._services.scaling_in_use()
            revisions = self._scaling.listed(
                request.get("AutoScalingConfigurationName"), latest_only=latest_only is not False
            )
            shown, more = page(revisions, request, key=lambda revision: revision.arn)
            summaries = [self._scaling.summary(revision, in_use) for revision in shown]
            return {"AutoScalingConfigurationSummaryList": summaries, **more}

    def delete(self, request: Request) -> JSON:
        with self._services.lock:
            return self._answer(
                self._scaling.delete(
                    request["AutoScalingConfigurationArn"],
                    every=bool(request.get("DeleteAllRevisions")),
                    in_use=self._services.scaling_in_use(),
                )
            )

    def make_default(self, request: Request) -> JSON:
        with self._services.lock:
            return self._answer(self._scaling.make_default(request["AutoScalingConfigurationArn"]))

    def list_services(self, request: Request) -> JSON:
        with self._services.lock:
            revision = self._scaling.find(request["AutoScalingConfigurationArn"])
            arns = [service.arn for service in self._services.living() if service.scaling_arn == revision.arn]
            shown, more = page(arns, request, key=str)
            return {"ServiceArnList": shown, **more}

    def _answer(self, revision: ScalingRevision) -> JSON:
        return {"AutoScalingConfiguration": self._scaling.describe(revision, self._services.scaling_in_use())}
