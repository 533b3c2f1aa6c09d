"""Between the deployer's ServiceSpec and the request and answer shapes of ECS Express Mode. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from deployer.core.service import ServiceSpec
from deployer.targets.ecs_express.settings import (
    AMD64,
    Network,
    ServiceSettings,
    Tasks,
    command_text,
    of_ecs_express,
    split_command,
)

PORT: Final = "PORT"  # a manifest cannot name it: the deployer gives every container its port
KEPT_OF_CONTAINER: Final = ("awsLogsConfiguration", "repositoryCredentials")  # set by ECS, or outside


def to_request(spec: ServiceSpec, container: Mapping[str, Any]) -> dict[str, Any]:
    """The members that CreateExpressGatewayService and UpdateExpressGatewayService share, except the roles of others.

    Every one of them is sent always: the model and the guide give different defaults, and whether a member that is
    left out of the container is kept or reset is not documented. So `container`, that of the live service, gives what
    the manifest has no key for. The network is left out where the manifest does not name it: an update keeps it.
    """
    settings = of_ecs_express(spec)
    return {
        "executionRoleArn": settings.execution_role,
        "taskRoleArn": settings.task_role,
        "healthCheckPath": settings.health_path,
        "cpu": str(settings.cpu),
        "memory": str(settings.memory),
        "cpuArchitecture": settings.architecture,
        "scalingTarget": scaling_target(settings.tasks),
        "primaryContainer": {
            "image": spec.image,
            "containerPort": settings.port,
            "command": split_command(settings.command),
            "environment": _environment(spec, settings.port),
            "secrets": [{"name": name, "valueFrom": spec.secrets[name]} for name in sorted(spec.secrets)],
            **{name: container[name] for name in KEPT_OF_CONTAINER if container.get(name)},
        },
        **(_network_block(settings.network) if settings.network else {}),
    }


def scaling_target(tasks: Tasks) -> dict[str, Any]:
    """The whole scaling target: what is left out is filled by ECS."""
    return {
        "minTaskCount": tasks.min,
        "maxTaskCount": tasks.max,
        "autoScalingMetric": tasks.metric,
        "autoScalingTargetValue": tasks.target,
    }


def _environment(spec: ServiceSpec, port: int) -> list[dict[str, str]]:
    """The plain variables. ECS refuses a name that is a secret, too: then only the secret is sent."""
    variables = {**spec.environment, PORT: str(port)}
    return [{"name": name, "value": variables[name]} for name in sorted(variables) if name not in spec.secrets]


def _network_block(network: Network) -> dict[str, Any]:
    groups = {"securityGroups": list(network.security_groups)} if network.security_groups else {}
    return {"networkConfiguration": {"subnets": list(network.subnets), **groups}}


def from_answer(configuration: Mapping[str, Any], managed: Collection[str] = ()) -> ServiceSpec:
    """The spec of one configuration of a described service. `managed` are the security groups that ECS owns.

    Lists come in any order, and scaling members that were not sent are filled by ECS.
    """
    container: Mapping[str, Any] = configuration.get("primaryContainer", {})
    port = int(container.get("containerPort", 80))
    environment = {one.get("name", ""): one.get("value", "") for one in container.get("environment") or ()}
    if environment.get(PORT) == str(port):
        del environment[PORT]
    settings = ServiceSettings(
        port=port,
        cpu=_number(configuration.get("cpu"), 256),
        memory=_number(configuration.get("memory"), 512),
        execution_role=configuration.get("executionRoleArn", ""),
        task_role=configuration.get("taskRoleArn", ""),
        health_path=configuration.get("healthCheckPath", "/ping"),
        tasks=tasks_of(configuration),
        command=command_text(list(container.get("command") or ())),
        network=_network(configuration, managed),
        architecture=configuration.get("cpuArchitecture", AMD64),
    )
    return ServiceSpec(
        image=container.get("image", ""),
        settings=settings,
        environment=environment,
        secrets={one["name"]: one["valueFrom"] for one in container.get("secrets") or ()},
    )


def tasks_of(configuration: Mapping[str, Any]) -> Tasks:
    """The scaling of a configuration. The defaults are those of the ECS developer guide."""
    target: Mapping[str, Any] = configuration.get("scalingTarget", {})
    return Tasks(
        min=int(target.get("minTaskCount", 1)),
        max=int(target.get("maxTaskCount", 20)),
        metric=target.get("autoScalingMetric", "AVERAGE_CPU"),
        target=int(target.get("autoScalingTargetValue", 60)),
    )


def _network(configuration: Mapping[str, Any], managed: Collection[str]) -> Network | None:
    block: Mapping[str, Any] = configuration.get("networkConfiguration") or {}
    subnets, groups = block.get("subnets") or (), block.get("securityGroups") or ()
    if not subnets:
        return None
    return Network(tuple(sorted(subnets)), tuple(sorted(set(groups) - set(managed))))


def managed_groups(revision: Mapping[str, Any]) -> frozenset[str]:
    """The ids of the security groups that ECS manages, from the answer of DescribeServiceRevisions."""
    listed = (revision.get("ecsManagedResources") or {}).get("serviceSecurityGroups") or ()
    return frozenset(group.get("arn", "").rpartition("/")[2] for group in listed)


def _number(text: object, default: int) -> int:
    """A size that is sent and reported as text."""
    return int(str(text)) if text else default
