"""AWS App Runner behind the Target protocol."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from deployer.aws.answers import pages
from deployer.aws.errors import only
from deployer.aws.session import Session
from deployer.core.finding import Finding
from deployer.core.observed import ObservedService, ScalingRevision
from deployer.core.service import Scaling, ServiceSpec
from deployer.errors import StateUnknown
from deployer.targets.apprunner import refusals, words
from deployer.targets.apprunner.answers import READ
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.apprunner.diagnosis import failure_reason
from deployer.targets.apprunner.examine import examine_services
from deployer.targets.apprunner.manifest import AWS_MANAGED, KMS_KEY
from deployer.targets.apprunner.members import unmodelled, with_kept
from deployer.targets.apprunner.rights import CALLS
from deployer.targets.apprunner.settings import of_app_runner
from deployer.targets.apprunner.spec import from_answer, to_request
from deployer.targets.base import Event, LogPlaces, Operation, Progress, RunningOperation

if TYPE_CHECKING:
    from types_boto3_apprunner import AppRunnerClient


def open_apprunner(session: Session) -> AppRunner:
    """App Runner in the account and region of a session."""
    return AppRunner(session.client("apprunner", CALLS, READ))


class AppRunner:
    """App Runner has neither paginators nor waiters in botocore, so the loops are here."""

    description = APP_RUNNER

    def __init__(self, client: AppRunnerClient) -> None:
        self._client = client
        self._used: dict[tuple[str, Scaling], str] = {}  # the ARN of a revision, by the service's name and its numbers

    def observe(self, name: str) -> tuple[ObservedService | None, tuple[ScalingRevision, ...]]:
        """Found by listing, because the ARN ends in an id that the name does not contain."""
        with ThreadPoolExecutor(4) as pool:
            revisions = pool.submit(self._revisions, name)
            arn = next((listed_arn for listed, listed_arn in self.services() if listed == name), None)
            if arn is None:
                return None, revisions.result()
            tags = pool.submit(self._client.list_tags_for_resource, ResourceArn=arn)
            try:
                service = self._client.describe_service(ServiceArn=arn)["Service"]
                tagged = tags.result()["Tags"]
            except ClientError as error:
                only(error, "ResourceNotFoundException")  # it was deleted after it had been listed
                return None, revisions.result()
            used = service["AutoScalingConfigurationSummary"].get("AutoScalingConfigurationArn", "")
            known = {revision.arn: revision.scaling for revision in revisions.result()}
            observed = ObservedService(
                arn=arn,
                url=service.get("ServiceUrl", ""),
                status=words.status(service["Status"]),
                spec=from_answer(service, known[used] if used in known else self._scaling(used)),
                tags={tag["Key"]: tag["Value"] for tag in tagged if "Key" in tag and "Value" in tag},
                fixed={KMS_KEY: key} if (key := service.get("EncryptionConfiguration", {}).get("KmsKey", "")) else {},
                unmodelled=unmodelled(service),
            )
            return observed, revisions.result()

    def newest_operation(self, arn: str) -> Operation | None:
        """Operations are listed newest first. A page may be empty and still have a successor."""
        for page in pages(self._client.list_operations, ServiceArn=arn, MaxResults=1):
            if not page["OperationSummaryList"]:
                continue
            newest = page["OperationSummaryList"][0]
            started, ended = newest.get("StartedAt"), newest.get("EndedAt")
            return Operation(
                id=newest.get("Id", ""),
                kind=newest.get("Type", ""),
                progress=words.progress(newest.get("Status", "")),
                started=started.timestamp() if started else 0.0,
                deploys=newest.get("Type") in {"CREATE_SERVICE", "UPDATE_SERVICE", "START_DEPLOYMENT"},
                ended=ended.timestamp() if ended else 0.0,
                deletes=newest.get("Type") == "DELETE_SERVICE",
            )
        return None

    def create_scaling(self, name: str, scaling: Scaling) -> None:
        answer = self._client.create_auto_scaling_configuration(
            AutoScalingConfigurationName=name,
            MinSize=scaling.min,
            MaxSize=scaling.max,
            MaxConcurrency=scaling.concurrency,
            Tags=[{"Key": "managed-by", "Value": "deployer"}],
        )
        self._used[name, scaling] = answer["AutoScalingConfiguration"].get("AutoScalingConfigurationArn", "")

    def delete_scaling(self, arn: str) -> None:
        self._used = {key: used for key, used in self._used.items() if used != arn}
        try:
            self._client.delete_auto_scaling_configuration(AutoScalingConfigurationArn=arn)
        except ClientError as error:
            only(error, "ResourceNotFoundException")
            return

    def resume(self, arn: str) -> RunningOperation | None:
        answer = self._client.resume_service(ServiceArn=arn)
        return RunningOperation(arn, answer["OperationId"]) if answer.get("OperationId") else None

    def pause(self, arn: str) -> RunningOperation | None:
        answer = self._client.pause_service(ServiceArn=arn)
        return RunningOperation(arn, answer["OperationId"]) if answer.get("OperationId") else None

    def restart(self, arn: str) -> RunningOperation:
        return RunningOperation(arn, self._client.start_deployment(ServiceArn=arn)["OperationId"])

    def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self._client.tag_resource(ResourceArn=arn, Tags=[{"Key": key, "Value": tags[key]} for key in sorted(tags)])

    def create(
        self, name: str, spec: ServiceSpec, tags: Mapping[str, str], fixed: Mapping[str, str]
    ) -> RunningOperation:
        named = fixed.get(KMS_KEY, AWS_MANAGED)
        key: dict[str, Any] = {} if named == AWS_MANAGED else {"EncryptionConfiguration": {"KmsKey": named}}
        answer = self._client.create_service(
            ServiceName=name,
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            **to_request(spec, self._revision(name, spec)),
            **key,
        )
        return RunningOperation(answer["Service"]["ServiceArn"], answer["OperationId"])

    def update(self, arn: str, spec: ServiceSpec, kept: Mapping[str, object]) -> RunningOperation:
        request = to_request(spec, self._revision(_name(arn), spec))
        answer = self._client.update_service(ServiceArn=arn, **with_kept(request, kept))
        return RunningOperation(arn, answer["OperationId"])

    def delete(self, arn: str) -> RunningOperation:
        answer = self._client.delete_service(ServiceArn=arn)
        return RunningOperation(arn, answer["OperationId"])

    def progress(self, started: RunningOperation) -> Progress | None:
        """There is no call for one operation: the newest twenty are listed."""
        for page in pages(self._client.list_operations, ServiceArn=started.service_arn, MaxResults=20):
            for operation in page["OperationSummaryList"]:
                if operation.get("Id") == started.operation:
                    return words.progress(operation.get("Status", ""))
            if page["OperationSummaryList"]:
                break
        return None

    def is_too_new(self, error: ClientError) -> bool:
        return refusals.is_too_new(error.response)

    def is_occupied(self, error: ClientError) -> bool:
        return refusals.is_occupied(error.response)

    def failure_reason(self, started: RunningOperation, lines: Sequence[str]) -> str:
        return failure_reason(lines)

    def logs(self, started: RunningOperation) -> LogPlaces:
        """Log groups are named after the last two parts of the ARN (App Runner developer guide, monitor-cwl).

        An operation's stream is `deployment/` and its id; the guide shows the id without its dashes, so that only
        the part before the first dash is sure.
        """
        group = f"/aws/apprunner/{started.service_arn.split(':service/', 1)[1]}"
        stream = f"deployment/{started.operation.partition('-')[0]}"
        return LogPlaces(f"{group}/application", f"{group}/service", stream, mark="[AppRunner] ")

    def events(self, started: RunningOperation, since: float) -> tuple[Event, ...]:
        """None: App Runner writes everything to its log group."""
        del started, since
        return ()

    def examine(self) -> Iterator[Finding]:
        return examine_services(self.services())

    def services(self) -> Iterator[tuple[str, str]]:
        """The name and ARN of every service there is."""
        for page in pages(self._client.list_services, MaxResults=20):
            for summary in page["ServiceSummaryList"]:
                if summary.get("Status") != "DELETED":
                    yield summary.get("ServiceName", ""), summary.get("ServiceArn", "")

    def _revision(self, name: str, spec: ServiceSpec) -> str:
        """The ARN of a revision with the numbers of the spec. A plan creates it before its deployment."""
        numbers = of_app_runner(spec).scaling
        if (name, numbers) not in self._used:
            self._revisions(name)
        if (name, numbers) not in self._used:
            raise StateUnknown(
                f"the scaling revision of {name} is gone; nothing was deployed", fix="run again: it is created again"
            )
        return self._used[name, numbers]

    def _revisions(self, name: str) -> tuple[ScalingRevision, ...]:
        """The summary of a revision lacks its numbers, so each one is described."""
        numbered: list[tuple[int, ScalingRevision]] = []
        listed = self._client.list_auto_scaling_configurations
        for page in pages(listed, AutoScalingConfigurationName=name, LatestOnly=False):
            for summary in page["AutoScalingConfigurationSummaryList"]:
                if summary.get("Status", "ACTIVE").upper() == "ACTIVE":
                    arn = summary.get("AutoScalingConfigurationArn", "")
                    free = not (summary.get("HasAssociatedService") or summary.get("IsDefault"))
                    number = summary.get("AutoScalingConfigurationRevision", 0)
                    numbered.append((number, ScalingRevision(arn, self._scaling(arn), free)))
        revisions = tuple(revision for _, revision in sorted(numbered, key=lambda one: one[0]))
        self._used = {(name, revision.scaling): revision.arn for revision in reversed(revisions)}
        return revisions

    def _scaling(self, arn: str) -> Scaling:
        answer = self._client.describe_auto_scaling_configuration(AutoScalingConfigurationArn=arn)
        numbers = answer["AutoScalingConfiguration"]
        return Scaling(
            min=numbers.get("MinSize", 1),
            max=numbers.get("MaxSize", 25),
            concurrency=numbers.get("MaxConcurrency", 100),
        )


def _name(arn: str) -> str:
    """The name of the service with this ARN: arn:...:service/NAME/ID."""
    return arn.split(":service/", 1)[1].partition("/")[0]
