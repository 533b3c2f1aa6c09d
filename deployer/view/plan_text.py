"""A plan as text for people: no colour is needed to read it, every line says why."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.core.change import Change
from deployer.core.plan import Notice, Plan

GROUPS = ("Access", "Image", "Variables", "Service")
COLOURS = {"+": "\x1b[32m", "~": "\x1b[33m", "!": "\x1b[36m", "?": "\x1b[2m"}
RESET = "\x1b[0m"


def render(plan: Plan, *, manifest: str, target: str, colour: bool = False) -> str:
    """The whole plan, ending in one summary line."""
    live = f"live release {plan.live_number}" if plan.live_number else "nothing released yet"
    lines = [
        f"{plan.app} / {plan.environment}   account {plan.account}  {plan.region}  target {target}",
        f"manifest {manifest}   {live}",
        "",
    ]
    lines += [f"warning: {warning}" for warning in plan.warnings]
    for blocker in plan.blockers:
        lines += [f"blocked: {blocker.what}   {blocker.line}".rstrip(), f"    fix: {blocker.fix}"]
    if plan.blockers:
        lines.append("")
    for group in GROUPS:
        rows = [_row(change, colour) for change in plan.changes if change.group == group]
        rows += [_notice(notice, colour) for notice in plan.notices if group == "Variables"]
        if rows:
            lines += [f"  {group}", *rows]
            if group == "Variables" and plan.unchanged:
                lines.append(f"    = {plan.unchanged} unchanged")
    return "\n".join([*lines, *([""] if plan.changes or plan.notices else []), summary(plan)])


def summary(plan: Plan) -> str:
    """One line: adds, changes, and whether a deployment follows."""
    if plan.blockers:
        count = len(plan.blockers)
        return f"Plan: blocked by {count} thing{'s' if count > 1 else ''} to mend first."
    if plan.empty:
        return f"Nothing to do: {plan.environment} is as the manifest says."
    add, change = plan.counts()
    follows = "One deployment follows." if plan.deployment else "No deployment."
    return f"Plan: {add} to add, {change} to change. {follows}"


def _row(change: Change, colour: bool) -> str:
    text = f"{change.address:<40} {change.detail}"
    return _line(change.symbol, text, _end((change.reason, change.line)), colour)


def _notice(notice: Notice, colour: bool) -> str:
    return _line(notice.symbol, f"{notice.address:<40} {notice.detail}", _end((notice.line,)), colour)


def _end(parts: Iterable[str]) -> str:
    return "  ".join(part for part in parts if part)


def _line(symbol: str, text: str, end: str, colour: bool) -> str:
    line = f"    {symbol} {text:<82} {end}".rstrip()
    return f"{COLOURS[symbol]}{line}{RESET}" if colour else line
