"""AWS App Runner behind the Target protocol."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from deployer.core.facts import ServiceFact
from deployer.core.service import Scaling, ServiceSpec
from deployer.errors import StateUnknown
from deployer.targets.apprunner.spec import from_answer, to_request
from deployer.targets.base import LogPlaces, Progress, Started

if TYPE_CHECKING:
    from types_boto3_apprunner import AppRunnerClient

# Every status of the API's model. A failed update is rolled back by App Runner, and the service is RUNNING again:
# only the operation tells that it failed.
PROGRESS = {
    "PENDING": Progress.RUNNING,
    "IN_PROGRESS": Progress.RUNNING,
    "ROLLBACK_IN_PROGRESS": Progress.RUNNING,
    "SUCCEEDED": Progress.SUCCEEDED,
    "ROLLBACK_SUCCEEDED": Progress.ROLLED_BACK,
    "FAILED": Progress.FAILED,
    "ROLLBACK_FAILED": Progress.FAILED,
}


class AppRunner:
    """App Runner has neither paginators nor waiters in botocore, so the loops are here."""

    def __init__(self, client: AppRunnerClient) -> None:
        self._client = client

    def observe(self, name: str) -> ServiceFact | None:
        """Found by listing, because the ARN ends in an id that the name does not tell."""
        arn = next((found for listed, found in self._services() if listed == name), None)
        if arn is None:
            return None
        service = self._client.describe_service(ServiceArn=arn)["Service"]
        revision = service["AutoScalingConfigurationSummary"].get("AutoScalingConfigurationArn", "")
        return ServiceFact(
            arn=arn,
            url=service.get("ServiceUrl", ""),
            status=service["Status"],
            spec=from_answer(service, self._scaling(revision)),
        )

    def find_scaling(self, name: str, scaling: Scaling) -> str | None:
        """The summary of a revision lacks its numbers, so each one is described."""
        return next((arn for arn in self._revisions(name) if self._scaling(arn) == scaling), None)

    def create_scaling(self, name: str, scaling: Scaling) -> str:
        answer = self._client.create_auto_scaling_configuration(
            AutoScalingConfigurationName=name,
            MinSize=scaling.min,
            MaxSize=scaling.max,
            MaxConcurrency=scaling.concurrency,
            Tags=[{"Key": "managed-by", "Value": "deployer"}],
        )
        return answer["AutoScalingConfiguration"].get("AutoScalingConfigurationArn", "")

    def create(self, name: str, spec: ServiceSpec, scaling_arn: str, tags: dict[str, str]) -> Started:
        answer = self._client.create_service(
            ServiceName=name,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            **to_request(spec, scaling_arn),
        )
        return Started(answer["Service"]["ServiceArn"], answer["OperationId"])

    def update(self, arn: str, spec: ServiceSpec, scaling_arn: str) -> Started:
        answer = self._client.update_service(ServiceArn=arn, **to_request(spec, scaling_arn))
        return Started(arn, answer["OperationId"])

    def progress(self, started: Started) -> Progress | None:
        """There is no call for one operation: the newest twenty are listed."""
        listed = self._client.list_operations(ServiceArn=started.service_arn, MaxResults=20)
        for operation in listed["OperationSummaryList"]:
            if operation.get("Id") == started.operation:
                status = operation.get("Status", "")
                if status not in PROGRESS:
                    raise StateUnknown(
                        f"App Runner reports a status this version does not know: {status}",
                        fix="look at the service in the App Runner console",
                    )
                return PROGRESS[status]
        return None

    def logs(self, started: Started) -> LogPlaces:
        """Log groups are named after the last two parts of the ARN (App Runner developer guide, monitor-cwl).

        An operation's stream is `deployment/` and its id; the guide shows the id without its dashes, so that only
        the part before the first dash is sure.
        """
        group = f"/aws/apprunner/{started.service_arn.split(':service/', 1)[1]}"
        stream = f"deployment/{started.operation.partition('-')[0]}"
        return LogPlaces(application=f"{group}/application", platform=f"{group}/service", streams=stream)

    def _services(self) -> Iterator[tuple[str, str]]:
        token = ""
        while True:
            more: dict[str, Any] = {"NextToken": token} if token else {}
            page = self._client.list_services(MaxResults=20, **more)
            for summary in page["ServiceSummaryList"]:
                if summary.get("Status") != "DELETED":
                    yield summary.get("ServiceName", ""), summary.get("ServiceArn", "")
            token = page.get("NextToken", "")
            if not token:
                return

    def _revisions(self, name: str) -> Iterator[str]:
        token = ""
        while True:
            more: dict[str, Any] = {"NextToken": token} if token else {}
            page = self._client.list_auto_scaling_configurations(
                AutoScalingConfigurationName=name, LatestOnly=False, **more
            )
            for summary in page["AutoScalingConfigurationSummaryList"]:
                if summary.get("Status") == "ACTIVE":
                    yield summary.get("AutoScalingConfigurationArn", "")
            token = page.get("NextToken", "")
            if not token:
                return

    def _scaling(self, arn: str) -> Scaling:
        found = self._client.describe_auto_scaling_configuration(AutoScalingConfigurationArn=arn)
        numbers = found["AutoScalingConfiguration"]
        return Scaling(
            min=numbers.get("MinSize", 1),
            max=numbers.get("MaxSize", 25),
            concurrency=numbers.get("MaxConcurrency", 100),
        )
