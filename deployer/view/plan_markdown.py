"""A plan as markdown, for the summary of a CI job or a comment on a pull request."""

from __future__ import annotations

import re

from deployer.errors import as_typed
from deployer.resources.plan import Plan
from deployer.view import cause_text, caution_text
from deployer.view.blocker_text import blockers
from deployer.view.hold_text import since
from deployer.view.pause_text import ends, postponed
from deployer.view.plan_text import live, summary
from deployer.view.resources.texts import describe_change, describe_notice
from deployer.view.safe import terminal

ENTITIES = str.maketrans(
    {"\n": " ", "&": "&amp;", "<": "&lt;", ">": "&gt;"} | {c: f"&#{ord(c)};" for c in "|`*_[]~\\@#$"}
)
GAP = "&#8203;"  # a zero-width space: GitHub looks for links, people and issues in the text that entities make


def render(plan: Plan, *, manifest: str) -> str:
    """Headings and one table; what blocks the plan comes first."""
    lines = [f"### {plan.app} / {plan.environment}", "", f"**{_text(summary(plan))}**", ""]
    runs = f"live: release {plan.live.number}" if plan.live else _text(live(plan))
    lines += [
        (
            f"Manifest {_code(manifest)}, {runs}, account {plan.account}, {plan.region}."
            f" Fingerprint {_code(plan.fingerprint)}."
        ),
        "",
    ]
    lines += [f"> **Warning:** {_text(caution_text.text(warning))}\n" for warning in plan.warnings]
    lines += [f"> **Held** {_text(since(plan.hold))}\n"] if plan.hold else []
    if plan.held:
        lifts = _code(as_typed(f"just resume {plan.environment}"))
        lines += [f"> Nothing is deployed before the hold is lifted: {lifts}\n"]
    if plan.postponed:
        lines += [
            f"> **Postponed:** {_text(postponed(plan))}. Nothing is applied before it runs again: {_text(ends(plan))}\n"
        ]
    for blocker in blockers(plan):
        lines += [f"- **Blocked:** {_text(blocker.what)} {_code(blocker.line)}", f"  Fix: {_code(blocker.fix)}"]
    lines += [""] if plan.blockers else []
    rows: list[tuple[str, ...]] = [
        (c.symbol, c.group, c.address, describe_change(c), cause_text.why(c), c.line) for c in plan.changes
    ]
    rows += [
        (n.symbol, n.group, n.address, describe_notice(n, rollback_to=plan.rollback_to), "", n.line)
        for n in plan.notices
    ]
    if rows:
        lines += ["| | Group | What | Change | Why | Line |", "|---|---|---|---|---|---|"]
        lines += [
            f"| {_code(symbol)} | {group} | {_code(address)} | {_code(detail)} | {_text(reason)} | {_text(line)} |"
            for symbol, group, address, detail, reason, line in rows
        ]
    return "\n".join(lines).rstrip() + "\n"


def _text(text: str) -> str:
    """Text that cannot become markup, name a person or an issue, or be a link."""
    return _unlinked(text).replace("&#64;", f"&#64;{GAP}").replace("&#35;", f"&#35;{GAP}")


def _code(text: str) -> str:
    """Text as code, in which GitHub looks for no people and issues, so that it can be copied."""
    return f"<code>{_unlinked(text)}</code>" if text else ""


def _unlinked(text: str) -> str:
    escaped = terminal(text).translate(ENTITIES).replace("://", f"&#58;{GAP}//")
    return re.sub(r"(?i)\b(www|mailto|xmpp)([.:])", lambda match: f"{match[1]}{GAP}&#{ord(match[2])};", escaped)
