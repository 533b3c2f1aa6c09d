"""Answers of ECS Express Mode, as botocore gives them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from deployer.core.service import ServiceSpec
from deployer.targets.ecs_express.deployments import Deployment
from deployer.targets.ecs_express.settings import Network, ServiceSettings, Tasks
from deployer.targets.ecs_express.spec import to_request

START: Final = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOW: Final = START.timestamp()
ARN: Final = "arn:aws:ecs:us-west-2:000000000000:service/default/demo"
SETTINGS: Final = ServiceSettings(
    port=8001,
    cpu=1024,
    memory=2048,
    execution_role="arn:aws:iam::000000000000:role/execution",
    task_role="arn:aws:iam::000000000000:role/task",
    health_path="/",
    tasks=Tasks(1, 20),
    network=Network(("subnet-0000000a", "subnet-0000000b"), ("sg-0000000a",)),
)
SPEC: Final = ServiceSpec(
    image="000000000000.dkr.ecr.us-west-2.amazonaws.com/demo@sha256:" + "0" * 64,
    settings=SETTINGS,
    environment={"APP_RELEASE": "abc", "LEVEL": "DEBUG", "ORIGINS": ""},
    secrets={"TOKEN": "arn:aws:ssm:us-west-2:000000000000:parameter/demo/token"},
)


def revision(number: int) -> str:
    return f"arn:aws:ecs:us-west-2:000000000000:service-revision/default/demo/{number}"


def configuration(number: int, spec: ServiceSpec = SPEC, *, minutes: float = -60, **more: Any) -> dict[str, Any]:
    """One active configuration, created so many minutes from START."""
    return {
        "serviceRevisionArn": revision(number),
        "createdAt": START + timedelta(minutes=minutes),
        "ingressPaths": [{"accessType": "PUBLIC", "endpoint": "de-0123.ecs.us-west-2.on.aws"}],
        **to_request(spec, {}),
        **more,
    }


def service(*configurations: Mapping[str, Any], status: str = "ACTIVE") -> dict[str, Any]:
    return {"serviceArn": ARN, "status": {"statusCode": status}, "activeConfigurations": list(configurations)}


def deployment(number: int, status: str = "SUCCESSFUL", *, minutes: float = -60) -> Deployment:
    """A listed deployment of a revision, created so many minutes from START."""
    created = NOW + minutes * 60
    return Deployment(f"{ARN}/{number}/{minutes}", revision(number), status, "", created)
