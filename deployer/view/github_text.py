"""The plan for GitHub's settings as text."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, assert_never

from deployer.resources.github_environment.blocker import (
    Archived,
    Blocker,
    LongValue,
    NameInUse,
    NameReserved,
    NotSecure,
    NotStored,
    OtherRepository,
    TooMany,
)
from deployer.resources.github_environment.cause import CauseKind
from deployer.resources.github_environment.notice import (
    LeftAlone,
    MayDeploy,
    Notice,
    OpenSecret,
    SetByHand,
    Unreviewed,
)
from deployer.resources.github_environment.plan import Change, SyncPlan, fingerprint
from deployer.view.safe import hanging, one_line
from deployer.view.table import render_table

SHOWN: Final = 60  # characters of a value
UNREVIEWED: Final = (
    "protect.confirm needs required reviewers, and the GitHub environment has none: set them in its settings"
)


def render_plans(plans: tuple[SyncPlan, ...]) -> str:
    """The plan for each environment, and the fingerprint that approves them all, if anything changes."""
    mark = f"\nplan {fingerprint(plans)}" if any(plan.changes for plan in plans) else ""
    return "\n".join(map(render, plans)) + mark


def render_reviewers(environment: str, *, required: bool) -> str:
    """Whether an environment needs reviewers, whom GitHub asks then."""
    return (
        f"GitHub asks the reviewers of {environment}."
        if required
        else f"{environment} needs no approval (protect.confirm)."
    )


def render(plan: SyncPlan) -> str:
    """A line for each change, for what is only reported, and for each problem."""
    lines = [f"{plan.repository}, environment {plan.environment}"]
    rows: list[tuple[str, ...]] = [(f"  {c.symbol}", c.kind, c.name, _detail(c), c.line) for c in plan.changes]
    rows += [(f"  {n.symbol}", n.what, n.name, notice_text(n, plan.environment), "") for n in plan.notices]
    if rows:
        lines.append(render_table(rows))
    for blocker in plan.blockers:
        what, fix = blocker_text(blocker, plan)
        lines += [
            f"  problem: {one_line(what)}" + (f"  ({blocker.line})" if blocker.line else ""),
            f"      fix: {hanging(fix, 11)}",
        ]
    add, change, remove = (sum(c.symbol == symbol for c in plan.changes) for symbol in "+~-")
    counted = f"{add} to add, {change} to change, {remove} to remove, {plan.unchanged} unchanged"
    lines.append(f"  {counted}" if plan.changes else f"  nothing to do: {plan.unchanged} unchanged")
    return "\n".join(lines)


def _detail(change: Change) -> str:
    if change.kind != "variable" or change.symbol == "-":
        return reason(change)
    value = change.value if len(change.value) <= SHOWN else change.value[: SHOWN - 1] + "…"
    return f"{value!r}  ({reason(change)})"


def reason(change: Change) -> str:  # noqa: C901 -- one return for each kind
    """Why a change is made."""
    cause = change.cause
    match cause.kind:
        case CauseKind.NEW:
            return "new" if cause.version is None else f"new: version {cause.version}"
        case CauseKind.OPEN_TO_ALL:
            return "every branch may deploy it, and protect.branches names a few"
        case CauseKind.OPEN_TO_PROTECTED:
            return "every protected branch may deploy it, and protect.branches names a few"
        case CauseKind.BRANCH_NAMED:
            return "protect.branches names it"
        case CauseKind.BRANCH_NOT_NAMED:
            return "protect.branches no longer names it"
        case CauseKind.NOT_ASKED:
            return "the manifest no longer asks for it"
        case CauseKind.OTHER_VALUE:
            return "GitHub has another value"
        case CauseKind.NOT_FROM_HERE:
            that = f"that of GitHub ({_when(cause.there)}) did not come from here"
            return f"sent again, version {cause.version}: {that}"
        case CauseKind.OTHER_VERSION:
            return f"sent again: SSM has version {cause.version}, GitHub was sent version {cause.sent}"
        case CauseKind.CHANGED_LATER:
            return f"sent again: SSM's is of {_when(cause.changed)}, GitHub's of {_when(cause.there)}"
        case CauseKind.REPLACED:
            return f"sent again: it was replaced on GitHub at {_when(cause.there)}"
        case CauseKind.RECORD_NEW:
            return "names and versions that the deployer has set"
        case CauseKind.RECORD_OTHER:
            return "the deployer has set other names or versions"
        case _:
            assert_never(cause.kind)


def notice_text(notice: Notice, environment: str) -> str:
    """What is only reported, with the command that sets it where people have to."""
    match notice:
        case OpenSecret():
            return "a variable with the name of a secret: everyone can read it"
        case LeftAlone():
            return "left: not from here"
        case MayDeploy():
            return "left: it may deploy, and protect.branches does not name it"
        case SetByHand():
            return f"the jobs need it: gh secret set {notice.name} --env {environment}"
        case Unreviewed():
            return UNREVIEWED
        case _:
            assert_never(notice)


def blocker_text(blocker: Blocker, plan: SyncPlan) -> tuple[str, str]:
    """What must be fixed first, and its fix."""
    rename = "give the variable another name in the manifest"
    match blocker:
        case NameInUse():
            return f"{blocker.name} is a name that the deployer itself uses on GitHub", rename
        case NameReserved():
            takes = f"GitHub takes no variable or secret whose name starts with {blocker.prefix}"
            return f"{takes}: {blocker.name}", rename
        case LongValue():
            what = f"{blocker.name} has {blocker.size} bytes, and GitHub takes at most {blocker.limit}"
            return what, "make its value shorter"
        case NotStored():
            verb, name = "generate" if blocker.generated else "set", blocker.path.rpartition("/")[2]
            fix = f"just secret {verb} {plan.environment} {name}"
            return f"{blocker.path}: not in SSM, so there is nothing to send", fix
        case NotSecure():
            return f"{blocker.path}: not a SecureString in SSM, so it is not sent", f"just plan {plan.environment}"
        case Archived():
            return f"{plan.repository} is archived: nothing of it can be changed", "unarchive it on GitHub"
        case OtherRepository():
            numbers = f"owner: {blocker.owner}, repository: {blocker.repository}"
            return (
                f"{plan.repository} is another repository than github.ids names: on GitHub it is {{{numbers}}}",
                "check who owns it now, then correct github.ids or github.repository",
            )
        case TooMany():
            what = f"{blocker.count} {blocker.what}: an environment takes at most {blocker.limit}"
            return what, "remove some of them on GitHub"
        case _:
            assert_never(blocker)


def _when(seconds: float | None) -> str:
    return datetime.fromtimestamp(seconds or 0.0, UTC).strftime("%Y-%m-%d %H:%M:%S")
