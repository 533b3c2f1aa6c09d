"""The plan for GitHub's settings, for people."""

from __future__ import annotations

from deployer.resources.github_environment.plan import Change, SyncPlan
from deployer.view.safe import hanging, one_line
from deployer.view.table import table

SHOWN = 60  # characters of a value


def render(plan: SyncPlan) -> str:
    """A line for each change, for what is only reported, and for each problem."""
    lines = [f"{plan.repository}, environment {plan.environment}"]
    rows: list[tuple[str, ...]] = [(f"  {c.symbol}", c.kind, c.name, _detail(c), c.line) for c in plan.changes]
    rows += [(f"  {n.symbol}", *n.address.split(" ", 1), n.detail, n.line) for n in plan.notices]
    if rows:
        lines.append(table(rows))
    for blocker in plan.blockers:
        lines += [
            f"  problem: {one_line(blocker.what)}" + (f"  ({blocker.line})" if blocker.line else ""),
            f"      fix: {hanging(blocker.fix, 11)}",
        ]
    add, change, remove = (sum(c.symbol == symbol for c in plan.changes) for symbol in "+~-")
    counted = f"{add} to add, {change} to change, {remove} to remove, {plan.unchanged} unchanged"
    lines.append(f"  {counted}" if plan.changes else f"  nothing to do: {plan.unchanged} unchanged")
    return "\n".join(lines)


def _detail(change: Change) -> str:
    if change.kind != "variable" or change.symbol == "-":
        return change.reason
    value = change.value if len(change.value) <= SHOWN else change.value[: SHOWN - 1] + "…"
    return f"{value!r}  ({change.reason})"
