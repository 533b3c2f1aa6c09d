"""A local manifest that chooses ECS Express Mode, in the place of the one that chooses App Runner."""

from __future__ import annotations

from typing import Any

from tests.e2e import aws
from tests.e2e.checkout import Checkout

NAME = "ansari-local-whatsapp"
ARN = f"arn:aws:ecs:us-west-2:000000000000:service/default/{NAME}"
SECTION = f"""\
service:
  target: ecs-express
  name: {NAME}
  cpu: 1 vCPU
  memory: 2 GB
  port: PORT
  health_check: {{protocol: HTTP, path: /, interval: 10}}
  scaling: {{min: 1, max: 3}}
  roles: {{execution: ExecutionRole, task: TaskRole, infrastructure: InfrastructureRole, managed: true}}
  on_unhealthy: rollback

"""


def choose(checkout: Checkout) -> None:
    """Replace the section of the service."""
    before, _, after = checkout.manifest.read_text().partition("service:\n")
    section = SECTION.replace("PORT", str(checkout.ports["8001"]))
    checkout.manifest.write_text(before + section + "protect:" + after.partition("protect:")[2])


def client(checkout: Checkout) -> Any:
    return aws.client(checkout, "ecs")


def described(checkout: Checkout) -> dict[str, Any]:
    """The service, as DescribeExpressGatewayService shows it."""
    service: dict[str, Any] = client(checkout).describe_express_gateway_service(serviceArn=ARN, include=["TAGS"])[
        "service"
    ]
    return service


def deployments(checkout: Checkout) -> list[str]:
    """The status of each deployment, newest first."""
    listed = client(checkout).list_service_deployments(service=ARN, cluster="default")["serviceDeployments"]
    return [one["status"] for one in sorted(listed, key=lambda one: one["createdAt"], reverse=True)]


def tasks(checkout: Checkout) -> int:
    """How many tasks run."""
    [service] = client(checkout).describe_services(cluster="default", services=[ARN])["services"]
    count: int = service["runningCount"]
    return count
