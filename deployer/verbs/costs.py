"""`deployer costs ENV`: what the service costs each month on every target, at least. It asks no AWS."""

from __future__ import annotations

from msgspec import Struct

from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.targets.registry import describe, targets
from deployer.view.documents.costs import CostsDocument, TargetCosts


class CostsOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def calculate_costs(options: CostsOptions) -> CostsDocument:
    """Calculate the costs from the manifest. Raises UsageError or InvalidManifest."""
    manifest = load_manifest(manifest_path(options.environment)).manifest
    size, chosen = manifest.service.provisioned, manifest.service.target
    documents = []
    for name in sorted(targets(), key=lambda name: name != chosen):  # the manifest's own first
        costs = describe(name).costs(size)
        documents.append(
            TargetCosts(
                target=name,
                title=describe(name).title,
                chosen=name == chosen,
                dollars=round(costs.dollars, 2),
                parts={cost.part: round(cost.dollars, 2) for cost in costs.parts},
                while_used=costs.while_used,
                region=costs.region,
                sources=costs.sources,
                read=costs.read,
            )
        )
    return CostsDocument(manifest.environment, size.cpu_units, size.memory_mb, size.instances, tuple(documents))
