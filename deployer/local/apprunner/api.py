"""The API of services, operations and tags: check each request, and start operations."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from deployer.local.apprunner import configuration, tags
from deployer.local.apprunner.errors import InvalidRequest, InvalidState, QuotaExceeded, ResourceNotFound
from deployer.local.apprunner.operations import Operations, Previous
from deployer.local.apprunner.paging import page
from deployer.local.apprunner.resources import Resources
from deployer.local.apprunner.roles import ACCESS_PRINCIPAL, INSTANCE_PRINCIPAL
from deployer.local.apprunner.scaling import ScalingRevision
from deployer.local.apprunner.state import (
    CREATE_FAILED,
    DELETE_FAILED,
    DELETED,
    PAUSED,
    RUNNING,
    Operation,
    Service,
    Services,
)
from deployer.local.clients import Clients
from deployer.local.roles import why_not_assumable

JSON = dict[str, Any]
Request = Mapping[str, Any]

MOST_SERVICES = 30  # App Runner developer guide, "App Runner architecture", quotas


class ServicesApi:
    """The operations on services. Each takes a request that fits the API's model. Any thread."""

    def __init__(
        self,
        account: str,
        region: str,
        services: Services,
        resources: Resources,
        operations: Operations,
        clients: Clients,
    ) -> None:
        self._prefix = f"arn:aws:apprunner:{region}:{account}:service/"
        self._services = services
        self._resources = resources
        self._operations = operations
        self._clients = clients

    def create_service(self, request: Request) -> JSON:
        self._judge(request)
        given_tags = tags.of(request.get("Tags"))
        name, service_id = request["ServiceName"], uuid.uuid4().hex
        with self._services.lock:
            living = self._services.living()
            if any(service.name == name for service in living):
                raise InvalidRequest(f"Service with the provided name already exists: {name}.")
            if len(living) >= MOST_SERVICES:
                raise QuotaExceeded(f"There are {MOST_SERVICES} services already, which is the quota.")
            service = Service(
                name=name,
                arn=f"{self._prefix}{name}/{service_id}",
                id=service_id,
                configuration=configuration.complete(self._exact(request)),
                scaling_arn=self._revision(request.get("AutoScalingConfigurationArn")).arn,
                tags=given_tags,
            )
            self._services.add(service)
            return self._begun(service, "CREATE_SERVICE")

    def update_service(self, request: Request) -> JSON:
        """Update a service. A request without settings is refused with the real message (terraform-provider-aws#32839).

        A service that could not be created is rebuilt with or without changes (developer guide, "Rebuilding a failed
        App Runner service"); that such a request may name nothing at all is not verified.
        """
        with self._services.lock:
            service = self._allow(self._services.find(request["ServiceArn"]), RUNNING, CREATE_FAILED)
            if service.status == RUNNING and configuration.names_nothing(request):
                raise InvalidRequest("No configurations provided in the UpdateService request.")
        self._judge(request)
        with self._services.lock:
            service = self._allow(self._services.find(request["ServiceArn"]), RUNNING, CREATE_FAILED)
            previous = Previous(service.configuration, service.scaling_arn)
            scaling = request.get("AutoScalingConfigurationArn")
            scaling_arn = self._revision(scaling).arn if scaling else service.scaling_arn
            service.configuration = configuration.updated(service.configuration, self._exact(request))
            service.scaling_arn = scaling_arn
            return self._begun(service, "UPDATE_SERVICE", previous)

    def start_deployment(self, request: Request) -> JSON:
        """Start a deployment. The model lists no InvalidStateException for this operation."""
        with self._services.lock:
            service = self._services.find(request["ServiceArn"])
            if service.status != RUNNING:
                raise InvalidRequest(f"A deployment cannot start while the service is {service.status}.")
            return {"OperationId": self._begun(service, "START_DEPLOYMENT")["OperationId"]}

    def pause_service(self, request: Request) -> JSON:
        return self._turn(request, "PAUSE_SERVICE", RUNNING, PAUSED)

    def resume_service(self, request: Request) -> JSON:
        return self._turn(request, "RESUME_SERVICE", PAUSED, RUNNING)

    def delete_service(self, request: Request) -> JSON:
        with self._services.lock:
            service = self._services.find(request["ServiceArn"])
            self._allow(service, RUNNING, PAUSED, CREATE_FAILED, DELETE_FAILED)
            return self._begun(service, "DELETE_SERVICE")

    def describe_service(self, request: Request) -> JSON:
        with self._services.lock:
            return {"Service": self._described(self._services.find(request["ServiceArn"]))}

    def list_services(self, request: Request) -> JSON:
        with self._services.lock:
            shown, more = page(
                self._services.every(),
                request,
                key=lambda service: service.id,
                keep=lambda service: service.status != DELETED,
            )
            return {"ServiceSummaryList": [service.summary() for service in shown], **more}

    def list_operations(self, request: Request) -> JSON:
        with self._services.lock:
            operations = self._services.find(request["ServiceArn"]).operations[::-1]
            shown, more = page(operations, request, key=lambda operation: operation.id)
            return {"OperationSummaryList": [operation.summary() for operation in shown], **more}

    def tag_resource(self, request: Request) -> JSON:
        with self._services.lock:
            existing = self._tags(request["ResourceArn"])
            all_tags = existing | tags.of(request["Tags"])
            tags.within_quota(all_tags)
            existing.update(all_tags)
            return {}

    def untag_resource(self, request: Request) -> JSON:
        with self._services.lock:
            existing = self._tags(request["ResourceArn"])
            for key in request["TagKeys"]:
                existing.pop(key, None)
            return {}

    def list_tags_for_resource(self, request: Request) -> JSON:
        with self._services.lock:
            return {"Tags": tags.listed(self._tags(request["ResourceArn"]))}

    def _turn(self, request: Request, kind: str, source: str, target: str) -> JSON:
        """Start an operation; if the service already has that state, return it without one, as the model allows."""
        with self._services.lock:
            service = self._services.find(request["ServiceArn"])
            if service.status == target:
                return {"Service": self._described(service)}
            return self._begun(self._allow(service, source), kind)

    def _allow(self, service: Service, *statuses: str) -> Service:
        if service.status not in statuses:
            raise InvalidState(f"The service is {service.status}; it must be {' or '.join(statuses)}.")
        return service

    def _judge(self, request: Request) -> None:
        """Check what the model cannot express. The roles are checked now, as in the real service."""
        configuration.not_emulated(request)
        wrong = configuration.reasons(request)
        if wrong:
            raise InvalidRequest("; ".join(wrong))
        source = request.get("SourceConfiguration") or {}
        access = (source.get("AuthenticationConfiguration") or {}).get("AccessRoleArn")
        instance = (request.get("InstanceConfiguration") or {}).get("InstanceRoleArn")
        for kind, arn, principal in (
            ("access", access, ACCESS_PRINCIPAL),
            ("instance", instance, INSTANCE_PRINCIPAL),
        ):
            if arn and (reason := why_not_assumable(self._clients.iam, arn, principal)):
                raise InvalidRequest(f"Error in assuming {kind} role {arn}: {reason}.")

    def _revision(self, arn: str | None) -> ScalingRevision:
        return self._resources.scaling.chosen(arn) if arn else self._resources.scaling.default

    def _exact(self, request: Request) -> Request:
        """Return the request with full ARNs of the resources it refers to. Raises InvalidRequest if one is missing."""
        if arn := configuration.connector(request):
            self._resources.connectors.chosen(arn)
        arn = configuration.observability(request)
        if not arn:
            return request
        exact = {"ObservabilityConfigurationArn": self._resources.observability.chosen(arn).arn}
        return {**request, "ObservabilityConfiguration": {**request["ObservabilityConfiguration"], **exact}}

    def _begun(self, service: Service, kind: str, previous: Previous | None = None) -> JSON:
        operation: Operation = service.begin(kind)
        answer = {"Service": self._described(service), "OperationId": operation.id}
        self._operations.begin(service, operation, previous)
        return answer

    def _described(self, service: Service) -> JSON:
        revision = self._resources.scaling.find(service.scaling_arn)
        return service.describe(self._resources.scaling.summary(revision, self._services.scaling_in_use()))

    def _tags(self, arn: str) -> dict[str, str]:
        if (resource := self._resources.find(arn)) is not None:
            return resource.tags
        service = self._services.find(arn)
        if service.status == DELETED:
            raise ResourceNotFound(f"The service {arn} is deleted.")
        return service.tags
