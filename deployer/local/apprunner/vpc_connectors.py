"""VPC connectors. They are stored and reported; no traffic goes through a VPC here.

EC2 is not emulated, so that subnets and security groups are kept and reported and never looked for. The message of a
deletion that is refused is the real service's (aws/apprunner-roadmap#161); the other messages are this emulator's own.
Quota: developer guide, "App Runner architecture".
"""

from __future__ import annotations

import time
import uuid
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

MOST_CONNECTORS = 10
DEFAULT_GROUP = "sg-00000000000000000"  # stands for the default security group of the VPC


@dataclass(kw_only=True)
class VpcConnector(Revision):
    subnets: list[str]
    security_groups: list[str]

    def describe(self) -> JSON:
        deleted = {"DeletedAt": self.deleted_at} if self.deleted_at else {}
        return {
            "VpcConnectorName": self.name,
            "VpcConnectorArn": self.arn,
            "VpcConnectorRevision": self.number,
            "Subnets": self.subnets,
            "SecurityGroups": self.security_groups,
            "Status": self.status,
            "CreatedAt": self.created_at,
            **deleted,
        }


class VpcConnectors(Revisions[VpcConnector]):
    """The connectors of an account and region. A name has one revision, as the API reference defines."""

    def __init__(self, account: str, region: str) -> None:
        super().__init__(account, region, "vpcconnector", "VPC connector")

    def create(self, name: str, subnets: list[str], groups: list[str], tagged: dict[str, str]) -> VpcConnector:
        if self.active(name):
            raise InvalidRequest(f"There is a VPC connector {name} already.")
        if len(self.active()) >= MOST_CONNECTORS:
            raise QuotaExceeded(f"There are {MOST_CONNECTORS} VPC connectors already, which is the quota.")
        arn = f"{self.prefix}{name}/1/{uuid.uuid4().hex}"
        return self.add(
            VpcConnector(arn=arn, name=name, number=1, tags=tagged, subnets=subnets, security_groups=groups)
        )

    def delete(self, arn: str, in_use: set[str]) -> VpcConnector:
        connector = self.find(arn, active=True)
        if connector.arn in in_use:
            raise InvalidRequest(f"Provided VPC connector arn is being used by other services. ARN: {connector.arn}")
        connector.deleted_at = time.time()
        return connector


class VpcConnectorsApi:
    """The operations on VPC connectors. Each takes a request that fits the API's model. Any thread."""

    def __init__(self, services: Services, connectors: VpcConnectors) -> None:
        self._services = services
        self._connectors = connectors

    def create(self, request: Request) -> JSON:
        tagged = tags.of(request.get("Tags"))
        if not request["Subnets"]:
            raise InvalidRequest("A VPC connector needs at least one subnet.")
        with self._services.lock:
            made = self._connectors.create(
                request["VpcConnectorName"],
                list(request["Subnets"]),
                list(request.get("SecurityGroups") or [DEFAULT_GROUP]),
                tagged,
            )
            return {"VpcConnector": made.describe()}

    def describe(self, request: Request) -> JSON:
        with self._services.lock:
            return {"VpcConnector": self._connectors.find(request["VpcConnectorArn"]).describe()}

    def list(self, request: Request) -> JSON:
        with self._services.lock:
            active = self._connectors.listed(None, latest_only=False)
            shown, more = page(active, request, key=lambda connector: connector.arn)
            return {"VpcConnectors": [connector.describe() for connector in shown], **more}

    def delete(self, request: Request) -> JSON:
        with self._services.lock:
            deleted = self._connectors.delete(request["VpcConnectorArn"], self._services.connectors_in_use())
            return {"VpcConnector": deleted.describe()}
