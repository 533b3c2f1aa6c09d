"""A plan as text for people: it needs no colour, and every line shows its reason."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from deployer.core.observed import ObservedLock
from deployer.core.person import person_name
from deployer.errors import as_typed
from deployer.resources.hold.change import PlaceHold
from deployer.resources.plan import Plan
from deployer.resources.unions import Change
from deployer.view import cause_text, caution_text, hold_text, pause_text
from deployer.view.blocker_text import blockers
from deployer.view.counts import to_fix
from deployer.view.resources.texts import GROUPS, describe_change, describe_notice
from deployer.view.safe import hanging, one_line, terminal
from deployer.view.times import minute
from deployer.view.width import cells, terminal_columns

COLOURS = {"+": "\x1b[32m", "~": "\x1b[33m", "-": "\x1b[31m", "!": "\x1b[36m", "?": "\x1b[2m"}
RESET = "\x1b[0m"
CONTINUED = 9  # columns before the second line of a fix
WIDEST = 60  # a longer cell pushes the rest of its own line, not of all lines


class _Row(Struct, frozen=True):
    symbol: str
    address: str
    detail: str
    end: str


def render(plan: Plan, *, manifest: str, target: str, colour: bool = False, columns: int | None = None) -> str:
    """The whole plan, ending in one summary line.

    Its columns are aligned where every row fits into `columns`, by default those of the terminal; elsewhere a row
    continues on the next line.
    """
    lines = [
        f"{plan.app} / {plan.environment}   account {plan.account}  {plan.region}  target {target}",
        f"manifest {manifest}   {live(plan)}",
        "",
    ]
    if plan.rollback_to:
        secrets = "its secrets too" if plan.with_secrets else "secrets stay as they are"
        lines[1:2] = [f"back to release {plan.rollback_to}, {secrets}   {live(plan)}"]
    lines += [f"warning: {_whole(caution_text.text(warning))}" for warning in plan.warnings]
    for blocker in blockers(plan):
        what = f"blocked: {_whole(blocker.what)}   {blocker.line}".rstrip()
        lines += [what, f"    fix: {_whole(as_typed(blocker.fix))}"]
    lines += hold_text.plan_lines(plan)
    lines += pause_text.plan_lines(plan)
    if plan.warnings or plan.blockers or plan.hold or plan.postponed:
        lines.append("")
    groups = {group: _rows(plan, group) for group in GROUPS}
    lay_out = _layout([row for rows in groups.values() for row in rows], columns or terminal_columns())
    for group, rows in groups.items():
        if rows:
            lines += [f"  {group}", *(_coloured(row, lay_out(row), colour) for row in rows)]
            if group == "Variables" and plan.unchanged:
                lines.append(f"    = {plan.unchanged} unchanged")
    return "\n".join([*lines, *([""] if any(groups.values()) else []), summary(plan)])


def live(plan: Plan) -> str:
    if plan.live is None:
        newest = plan.facts.get("newest release")
        return f"nothing runs; the newest release is {newest}" if newest else "nothing released yet"
    release = plan.live.release
    return one_line(f"live release {plan.live.number}, {minute(release.when)} by {person_name(release.who)}")


def summary(plan: Plan) -> str:
    """One line: adds, changes, removals, whether a deployment follows, and how long the last deployments took."""
    if plan.blockers:
        return f"Plan: blocked, {to_fix(len(plan.blockers))}."
    if plan.empty:
        source = f"in release {plan.rollback_to}" if plan.rollback_to else "the manifest declares"
        return f"Nothing to do: {plan.environment} is as {source}."
    counts = f"{plan.count('+')} to add, {plan.count('~')} to change, {plan.count('-')} to remove"
    return f"Plan {plan.fingerprint}: {counts}. {_follows(plan)}"


def _follows(plan: Plan) -> str:
    if plan.postponed:
        return "Postponed until the service runs again."
    if plan.deployment is None:
        return "No deployment."
    if not plan.took:
        return "One deployment follows."
    shortest, longest = _time(min(plan.took)), _time(max(plan.took))
    spread = shortest if shortest == longest else f"{shortest} to {longest}"
    last = "the last one" if len(plan.took) == 1 else f"the last {len(plan.took)}"
    return f"One deployment follows; {last} took {spread}."


def _time(seconds: int) -> str:
    return f"{seconds} s" if seconds < 120 else f"{seconds / 60:.0f} min"


def render_with_lock(plan: Plan, lock: ObservedLock | None, *, manifest: str, target: str, colour: bool = False) -> str:
    """The plan after a note about the run that holds the environment's lock, if any."""
    return "\n".join([*_lock_lines(lock, plan), render(plan, manifest=manifest, target=target, colour=colour)])


def _lock_lines(lock: ObservedLock | None, plan: Plan) -> list[str]:
    if lock is None:
        return []
    holder, doing = person_name(lock.holder), f"release {lock.release}" if lock.release else "a change"
    if not lock.over:
        return [f"note: {holder} ({lock.where}) is working on this environment since {lock.since}: {doing}"]
    then = as_typed(f"just reconcile {plan.environment} continues from there")
    return [f"note: a run of {holder} stopped in the middle of {doing}; {then}"]


def _rows(plan: Plan, group: str) -> list[_Row]:
    rows = [
        _row(
            change.symbol,
            change.address,
            _detail(change),
            "  ".join(filter(None, (cause_text.why(change), change.line))),
        )
        for change in plan.changes
        if change.group == group
    ]
    rows += [
        _row(notice.symbol, notice.address, describe_notice(notice, rollback_to=plan.rollback_to), notice.line)
        for notice in plan.notices
        if notice.group == group
    ]
    return rows


def _detail(change: Change) -> str:
    """What a change does; a command in it as this user types it."""
    detail = describe_change(change)
    return as_typed(detail) if isinstance(change, PlaceHold) else detail


def _row(symbol: str, address: str, detail: str, end: str) -> _Row:
    return _Row(symbol, one_line(address), one_line(detail), one_line(end))


def _whole(text: str) -> str:
    """All lines of a text, indented so that none can be taken for another line of the plan."""
    return hanging(terminal(text), CONTINUED)


def _widths(rows: list[_Row]) -> tuple[int, int]:
    def widest(cells: list[str]) -> int:
        return max((len(cell) for cell in cells if len(cell) <= WIDEST), default=0)

    return widest([row.address for row in rows]), widest([row.detail for row in rows])


def _layout(rows: list[_Row], columns: int | None) -> Callable[[_Row], str]:
    """How the rows of one plan are written."""
    widths = _widths(rows)
    if columns is None or all(cells(_aligned(row, widths)) <= columns for row in rows):
        return lambda row: _aligned(row, widths)
    return lambda row: _continued(row, columns)


def _aligned(row: _Row, widths: tuple[int, int]) -> str:
    address, detail = widths
    return f"    {row.symbol} {row.address:<{address}}  {row.detail:<{detail}}  {row.end}".rstrip()


def _continued(row: _Row, columns: int) -> str:
    """The parts of a row, each on the next line where it does not fit."""
    lines = [f"    {row.symbol} {row.address}"]
    for part in filter(None, (" ".join(row.detail.split()), row.end)):
        longer = f"{lines[-1]}  {part}"
        if cells(longer) <= columns:
            lines[-1] = longer
        else:
            lines.append(" " * CONTINUED + part)
    return "\n".join(lines)


def _coloured(row: _Row, text: str, colour: bool) -> str:
    return f"{COLOURS[row.symbol]}{text}{RESET}" if colour else text
