"""What ECS Express Mode costs: that of Fargate, of a load balancer, and of public addresses. Pure."""

from __future__ import annotations

from typing import Final

from deployer.core.costs import HOURS, Cost, Costs
from deployer.manifest.size import Size

VCPU_HOUR: Final = 0.04048  # dollars; a task is charged whether or not it has a request in flight
GB_HOUR: Final = 0.004445
BALANCER_HOUR: Final = 0.0225
ADDRESS_HOUR: Final = 0.005
FEWEST_ZONES: Final = 2  # the load balancer has an address in each availability zone


def calculate_costs(size: Size) -> Costs:
    """Calculate what the tasks that always run cost, with a load balancer that no other service shares."""
    tasks = size.instances * (size.vcpu * VCPU_HOUR + size.gb * GB_HOUR) * HOURS
    addresses = size.instances + FEWEST_ZONES
    return Costs(
        parts=(
            Cost(f"{size.vcpu:g} vCPU and {size.gb:g} GB of Fargate, {size.instances} x", tasks),
            Cost("load balancer, for up to 25 services", BALANCER_HOUR * HOURS),
            Cost(f"public IPv4 addresses, {addresses} x", addresses * ADDRESS_HOUR * HOURS),
        ),
        while_used=f"${tasks / size.instances:.2f} for each further task that runs all month",
        region="us-west-2",
        sources=(
            "https://aws.amazon.com/fargate/pricing/",
            "https://aws.amazon.com/elasticloadbalancing/pricing/",
            "https://aws.amazon.com/vpc/pricing/",
        ),
        read="2026-11-29",
    )
