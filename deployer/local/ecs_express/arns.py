"""Names of resources: ARNs are built and read here. Pure."""

from __future__ import annotations

import re
import secrets
import string
from typing import Final

SERVICE_ARN: Final = re.compile(
    r"arn:aws:ecs:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):service/(?P<cluster>[^/]+)/(?P<name>[^/]+)"
)
LETTERS: Final = string.ascii_letters + string.digits


class Arns:
    """Builds the ARNs of one account and region."""

    def __init__(self, account: str, region: str) -> None:
        self._prefix = f"arn:aws:ecs:{region}:{account}:"
        self._elb = f"arn:aws:elasticloadbalancing:{region}:{account}:"
        self.account = account
        self.region = region

    def cluster(self, name: str) -> str:
        return f"{self._prefix}cluster/{name}"

    def service(self, cluster: str, name: str) -> str:
        return f"{self._prefix}service/{cluster}/{name}"

    def new_deployment(self, cluster: str, name: str) -> str:
        return f"{self._prefix}service-deployment/{cluster}/{name}/{_letters(21)}"

    def new_revision(self, cluster: str, name: str) -> str:
        return f"{self._prefix}service-revision/{cluster}/{name}/{secrets.randbelow(9 * 10**18) + 10**18}"

    def task(self, cluster: str, task_id: str) -> str:
        return f"{self._prefix}task/{cluster}/{task_id}"

    def task_definition(self, cluster: str, name: str, number: int) -> str:
        """Return the task definition of a revision; its family is `CLUSTER-SERVICE`."""
        return f"{self._prefix}task-definition/{cluster}-{name}:{number}"

    def target_group(self, name: str, role: str) -> str:
        return f"{self._elb}targetgroup/ecs-gateway-tg-{_digest(name + role)}/{_digest(role + name)}"

    def load_balancer(self, part: str, name: str) -> str:
        """Return the ARN of a load balancer's part, such as `listener`."""
        return f"{self._elb}{part}/app/ecs-express-gateway-alb-{_digest('alb')[:8]}/{_digest(name)}"

    def other(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of another AWS service."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


def cluster_name(reference: str | None) -> str:
    """Return the name of a cluster that a request names by name or ARN; `default` if it names none."""
    return (reference or "default").rpartition("/")[2]


def service_key(reference: str, cluster: str | None, arns: Arns) -> str:
    """Return the ARN of a service that a request names by name or ARN."""
    return reference if reference.startswith("arn:") else arns.service(cluster_name(cluster), reference)


def owner(arn: str) -> str:
    """Return the ARN of the service to which a revision or deployment belongs, or "" if the ARN is of another kind."""
    match = re.fullmatch(r"(arn:aws:ecs:[^:]+:\d{12}:)service-(?:deployment|revision)/([^/]+)/([^/]+)/[^/]+", arn)
    return f"{match[1]}service/{match[2]}/{match[3]}" if match else ""


def _letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))


def _digest(text: str) -> str:
    """Return sixteen hexadecimal digits that depend on the text only."""
    return f"{int.from_bytes(text.encode(), 'big') * 0x9E3779B97F4A7C15 % 2**64:016x}"
