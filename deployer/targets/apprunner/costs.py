"""What App Runner charges. Pure."""

from __future__ import annotations

from typing import Final

from deployer.core.costs import HOURS, Cost, Costs
from deployer.manifest.size import Size

GB_HOUR: Final = 0.007  # dollars for memory, at all times
VCPU_HOUR: Final = 0.064  # dollars, in addition while an instance has a request in flight


def calculate_costs(size: Size) -> Costs:
    """Calculate what idle instances cost: App Runner charges for their memory only ("AWS App Runner pricing")."""
    busy = size.vcpu * VCPU_HOUR * HOURS
    return Costs(
        parts=(Cost(f"memory of {size.gb:g} GB, {size.instances} x", size.instances * size.gb * GB_HOUR * HOURS),),
        while_used=f"${busy:.2f} for each instance that is busy all month",
        region="us-west-2",
        sources=("https://aws.amazon.com/apprunner/pricing/",),
        read="2026-11-29",
    )
