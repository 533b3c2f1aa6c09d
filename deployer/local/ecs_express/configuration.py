"""The configuration of a service revision: defaults, the effect of an update, and what is refused. Pure.

The model of the API has neither limits nor patterns. The rules here are those of the developer guide's pages on Express
Mode ("express-service-*") and of its page on task definitions for Fargate, which lists the pairs of CPU and memory.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

from deployer.local.ecs_express.answers import present

JSON = dict[str, Any]
Request = Mapping[str, Any]

CONTAINER: Final = "Main"
# The guide's defaults. The model's documentation has others: 256, 512 and /ping (terraform-provider-aws#49511).
DEFAULT_CPU, DEFAULT_MEMORY, DEFAULT_PATH, DEFAULT_PORT = "1024", "2048", "/", 80
SCALING: Final = {
    "minTaskCount": 1,
    "maxTaskCount": 20,
    "autoScalingMetric": "AVERAGE_CPU",
    "autoScalingTargetValue": 60,
}
_GB: Final = 1024
MEMORY_FOR: Final[Mapping[str, range | tuple[int, ...]]] = {  # CPU units -> MiB
    "256": (512, 1 * _GB, 2 * _GB),
    "512": range(1 * _GB, 4 * _GB + 1, _GB),
    "1024": range(2 * _GB, 8 * _GB + 1, _GB),
    "2048": range(4 * _GB, 16 * _GB + 1, _GB),
    "4096": range(8 * _GB, 30 * _GB + 1, _GB),
    "8192": range(16 * _GB, 60 * _GB + 1, 4 * _GB),
    "16384": range(32 * _GB, 120 * _GB + 1, 8 * _GB),
}
NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
LARGEST_DEFINITION: Final = 65536  # bytes of a task definition
OF_TASK_DEFINITION: Final = ("primaryContainer", "executionRoleArn", "taskRoleArn", "cpu", "memory", "cpuArchitecture")
MEMBERS: Final = (
    "executionRoleArn",
    "taskRoleArn",
    "cpu",
    "memory",
    "cpuArchitecture",
    "networkConfiguration",
    "healthCheckPath",
    "primaryContainer",
    "scalingTarget",
)
OWN_GROUP: Final = "sg-0ec5e0e5a1b2c3d4e"  # the security group that ECS adds (terraform-provider-aws#47595)
SUBNETS: Final = ("subnet-0a1b2c3d4e5f60718", "subnet-0b1c2d3e4f5061728")


def complete(request: Request, log_group: str) -> JSON:
    """Return the configuration of a checked request with every default, as ECS reports it."""
    given = _given(request)
    return {
        **{name: given[name] for name in ("executionRoleArn", "taskRoleArn", "cpuArchitecture") if name in given},
        "cpu": given.get("cpu", DEFAULT_CPU),
        "memory": given.get("memory", DEFAULT_MEMORY),
        "networkConfiguration": _network(_given(given.get("networkConfiguration"))),
        "healthCheckPath": given.get("healthCheckPath", DEFAULT_PATH),
        "primaryContainer": _container(_given(given["primaryContainer"]), log_group),
        "scalingTarget": SCALING | _given(given.get("scalingTarget")),
    }


def updated(configuration: Request, request: Request, log_group: str) -> JSON:
    """Return the configuration after an update. A member of the request replaces the whole member, others stay.

    Lists are replaced whole. What happens to members left out inside primaryContainer and scalingTarget is not
    documented: here they get their defaults, which is the harder case for a caller.
    """
    given = {name: request[name] for name in MEMBERS if request.get(name) is not None}
    return complete({**configuration, **given}, log_group)


def as_reported(configuration: Request) -> JSON:
    """Return the configuration as an answer shows it: the order of variables is not kept (terraform#45792)."""
    container = dict(configuration["primaryContainer"])
    for member in ("environment", "secrets"):
        if member in container:
            container[member] = sorted(container[member], key=lambda entry: entry["name"][::-1], reverse=True)
    return {**configuration, "primaryContainer": container}


def _given(block: Request | None) -> JSON:
    return present(block or {})


def _network(given: JSON) -> JSON:
    groups = [group for group in given.get("securityGroups") or () if group != OWN_GROUP]
    return {"securityGroups": [*groups, OWN_GROUP], "subnets": given.get("subnets") or list(SUBNETS)}


def _container(given: JSON, log_group: str) -> JSON:
    logs = {"logGroup": log_group, "logStreamPrefix": "ecs"}
    return {"containerPort": DEFAULT_PORT, "awsLogsConfiguration": logs} | given


def exclusions(request: Request) -> list[str]:
    """Return which members a request with a task definition of its own must not have."""
    if request.get("taskDefinitionArn") is None:
        return []
    return [name for name in OF_TASK_DEFINITION if request.get(name) is not None]


def reasons(request: Request) -> list[str]:
    """Return why a request that fits the API's model is invalid; empty if it is valid. Values are not repeated."""
    if both := exclusions(request):
        return [f"taskDefinitionArn cannot be specified together with {', '.join(both)}"]
    return [
        *_name_reasons(request),
        *_container_reasons(request.get("primaryContainer")),
        *_path_reasons(request.get("healthCheckPath")),
    ]


def size_reasons(configuration: Request) -> list[str]:
    """Return what is wrong with the sizes of a complete configuration."""
    return [*_pair_reasons(configuration), *_scaling_reasons(configuration["scalingTarget"])]


def definition_size(configuration: Request) -> int:
    """Return the size in bytes of the task definition, about as ECS counts it."""
    return len(json.dumps(configuration["primaryContainer"], ensure_ascii=False, separators=(",", ":")).encode())


def _name_reasons(request: Request) -> Iterator[str]:
    name = request.get("serviceName")
    if name is not None and NAME.fullmatch(name) is None:
        yield "serviceName must have 1 to 255 letters, numbers, underscores and hyphens"


def _path_reasons(path: str | None) -> Iterator[str]:
    if path is not None and (not path.startswith("/") or not path.isascii() or not path.isprintable() or " " in path):
        yield "healthCheckPath must start with / and hold no space"


def _pair_reasons(configuration: Request) -> Iterator[str]:
    cpu, memory = configuration["cpu"], configuration["memory"]
    if cpu not in MEMORY_FOR:
        yield f"No Fargate configuration exists for given values: cpu must be one of {', '.join(MEMORY_FOR)}"
    elif not (memory.isascii() and memory.isdigit()) or int(memory) not in MEMORY_FOR[cpu]:
        yield f"No Fargate configuration exists for given values: {cpu} CPU, {memory} memory"


def _scaling_reasons(scaling: Request) -> Iterator[str]:
    low, high = scaling["minTaskCount"], scaling["maxTaskCount"]
    if low < 0 or high < 0:
        yield "scalingTarget: minTaskCount and maxTaskCount must not be negative"
    if low > high:
        yield f"scalingTarget: minTaskCount {low} is greater than maxTaskCount {high}"
    if scaling["autoScalingTargetValue"] <= 0:
        yield "scalingTarget: autoScalingTargetValue must be positive"


def _container_reasons(container: Request | None) -> Iterator[str]:
    if container is None:
        return
    if not container["image"].strip():
        yield "primaryContainer.image must not be empty"
    port = container.get("containerPort")
    if port is not None and not 1 <= port <= 65535:
        yield "primaryContainer.containerPort must be from 1 to 65535"
    variables = [entry.get("name") or "" for entry in container.get("environment") or ()]
    secrets = [entry["name"] for entry in container.get("secrets") or ()]
    for member, names in (("environment", variables), ("secrets", secrets)):
        if any(not name or "=" in name or "\0" in name for name in names):
            yield f"primaryContainer.{member}: a name must not be empty and hold neither = nor NUL"
        if twice := [name for name, count in Counter(names).items() if count > 1]:
            yield f"primaryContainer.{member}: {len(twice)} names are there more than once"
    if both := set(variables) & set(secrets):
        yield f"primaryContainer: {len(both)} names are in both environment and secrets"
    if any("\0" in (entry.get("value") or "") for entry in container.get("environment") or ()):
        yield "primaryContainer.environment: a value cannot hold NUL"
