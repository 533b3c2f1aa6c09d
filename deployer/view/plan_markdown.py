"""A plan as markdown, for the summary of a CI job or a comment on a pull request."""

from __future__ import annotations

from deployer.core.plan import Plan
from deployer.errors import as_typed
from deployer.view.hold_text import since
from deployer.view.plan_text import live, summary

ENTITIES = str.maketrans({"\n": " ", "&": "&amp;", "<": "&lt;", ">": "&gt;"} | {c: f"&#{ord(c)};" for c in "|`*_[]~\\"})


def render(plan: Plan, *, manifest: str) -> str:
    """Headings and one table; what stands in the way comes first."""
    lines = [f"### {plan.app} / {plan.environment}", "", f"**{_text(summary(plan))}**", ""]
    runs = f"live: release {plan.live.number}" if plan.live else live(plan)
    lines += [
        (
            f"Manifest {_code(manifest)}, {runs}, account {plan.account}, {plan.region}."
            f" Fingerprint {_code(plan.fingerprint)}."
        ),
        "",
    ]
    lines += [f"> **Warning:** {_text(warning)}\n" for warning in plan.warnings]
    lines += [f"> **Held** {_text(since(plan.hold))}\n"] if plan.hold else []
    if plan.held:
        lifts = _code(as_typed(f"just resume {plan.environment}"))
        lines += [f"> Nothing is deployed before the hold is lifted: {lifts}\n"]
    for blocker in plan.blockers:
        lines += [f"- **Blocked:** {_text(blocker.what)} {_code(blocker.line)}", f"  Fix: {_code(blocker.fix)}"]
    lines += [""] if plan.blockers else []
    rows: list[tuple[str, ...]] = [(c.symbol, c.group, c.address, c.detail, c.reason, c.line) for c in plan.changes]
    rows += [(n.symbol, "Variables", n.address, n.detail, "", n.line) for n in plan.notices]
    if rows:
        lines += ["| | Group | What | Change | Why | Line |", "|---|---|---|---|---|---|"]
        lines += [
            f"| {_code(symbol)} | {group} | {_code(address)} | {_code(detail)} | {_text(reason)} | {_text(line)} |"
            for symbol, group, address, detail, reason, line in rows
        ]
    return "\n".join(lines).rstrip() + "\n"


def _text(text: str) -> str:
    """Text that cannot become markup."""
    return text.translate(ENTITIES)


def _code(text: str) -> str:
    return f"<code>{_text(text)}</code>" if text else ""
