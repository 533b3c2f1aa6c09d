"""The steps of a bootstrap as text for people: every line says why."""

from __future__ import annotations

from deployer.core.bootstrap.steps import Steps
from deployer.view.safe import hanging, one_line
from deployer.view.table import table


def render(found: Steps, *, title: str) -> str:
    """The title, what is in the way, the steps beside what is as it should be, notes, and one line to sum up."""
    lines = [title, ""]
    for blocker in found.blockers:
        lines += [f"blocked: {one_line(blocker.what)}   {blocker.line}".rstrip(), f"    fix: {hanging(blocker.fix, 9)}"]
    lines += [""] if found.blockers else []
    rows = [
        (f"  {one.symbol} {one.address}", one.detail, "  ".join(filter(None, (one.reason, one.line))))
        for one in found.steps
    ]
    rows += [(f"  {one.symbol} {one.address}", one.detail, one.line) for one in found.settled]
    lines += [table(rows)] if rows else []
    lines += [f"note: {one_line(note)}" for note in found.notes]
    return "\n".join([*lines, "", _summary(found)])


def _summary(found: Steps) -> str:
    if count := len(found.blockers):
        return f"Blocked by {count} thing{'s' if count > 1 else ''} to mend first."
    if not found.steps:
        return f"Nothing to do: the account is ready for {found.environment}."
    added = sum(step.symbol == "+" for step in found.steps)
    return f"Bootstrap {found.fingerprint}: {added} to add, {len(found.steps) - added} to change."
