"""Costs as text."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.view.counts import counted
from deployer.view.documents.costs import CostsDocument, TargetCosts
from deployer.view.table import render_table


def render_costs(costs: CostsDocument) -> str:
    """The least that each target charges, part by part, with the source of the prices."""
    size = f"{costs.cpu_units / 1024:g} vCPU and {costs.memory_mb / 1024:g} GB"
    head = f"{costs.environment}: {counted(costs.instances, 'instance')} of {size}, each month at least"
    rows = [row for target in costs.targets for row in _rows(target)]
    notes = [line for target in costs.targets for line in _notes(target)]
    more = "Requests, logs, images, and a table for the inbox come on top: docs/explanation/costs.md"
    return "\n".join([head, "", render_table(rows), "", *notes, more])


def _rows(target: TargetCosts) -> Iterator[tuple[str, str, str]]:
    yield target.title, f"${target.dollars:.2f}", "as the manifest chooses" if target.chosen else ""
    for part, dollars in target.parts.items():
        yield f"  {part}", f"${dollars:.2f}", ""
    yield "  while it is used", "more", target.while_used


def _notes(target: TargetCosts) -> Iterator[str]:
    yield f"{target.title}: prices of {target.region}, read on {target.read}"
    yield from (f"  {source}" for source in target.sources)
