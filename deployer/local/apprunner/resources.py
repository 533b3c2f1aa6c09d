"""App Runner's own resources that a service refers to by ARN."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.local.apprunner.observability import Observability
from deployer.local.apprunner.revisions import Revision
from deployer.local.apprunner.scaling import Scaling
from deployer.local.apprunner.vpc_connectors import VpcConnectors


@dataclass(frozen=True)
class Resources:
    """The resources of an account and region. Guarded by the lock of its services."""

    scaling: Scaling
    connectors: VpcConnectors
    observability: Observability

    @classmethod
    def of(cls, account: str, region: str) -> Resources:
        return cls(Scaling(account, region), VpcConnectors(account, region), Observability(account, region))

    def find(self, arn: str) -> Revision | None:
        """Return the active resource with this ARN; None for another kind of ARN. Raises ResourceNotFound."""
        if arn.startswith(self.scaling.prefix):
            return self.scaling.find(arn, active=True)
        if arn.startswith(self.connectors.prefix):
            return self.connectors.find(arn, active=True)
        if arn.startswith(self.observability.prefix):
            return self.observability.find(arn, active=True)
        return None
