"""The steps of a bootstrap as text for people, each with its reason."""

from __future__ import annotations

from typing import assert_never

from deployer.account.steps import (
    AttachPolicy,
    CreatePrincipal,
    CreateProvider,
    PutPolicy,
    PutTrust,
    Step,
    Steps,
)
from deployer.core.change import ChangeRepository, CreateRepository, PutLifecycle
from deployer.core.policies.documents import AUDIENCE
from deployer.view import cause_text, change_text
from deployer.view.counts import to_fix
from deployer.view.safe import hanging, one_line
from deployer.view.table import table

USES = {
    "access": "pulls the image",
    "instance": "reads the parameters",
    "deploy": "deploys",
    "plan": "plans",
    "image": "pushes the image",
}


def detail(step: Step) -> str:
    """What a step does."""
    match step:
        case CreateProvider():
            return f"audience {AUDIENCE}"
        case CreatePrincipal(principal=principal):
            return f"{USES[principal.use]}: {', '.join(principal.admits) or 'no access key yet'}"
        case PutTrust(principal=principal):
            return ", ".join(principal.admits)
        case PutPolicy(principal=principal):
            return f"{principal.policy_name}: {USES[principal.use]}"
        case AttachPolicy(principal=principal):
            return principal.policy_name
        case CreateRepository() | ChangeRepository() | PutLifecycle():
            return change_text.detail(step)
        case _:
            assert_never(step)


def render(found: Steps, *, title: str) -> str:
    """The title, problems, the steps, what is as it should be, notes, and a summary line."""
    lines = [title, ""]
    for blocker in found.blockers:
        lines += [f"blocked: {one_line(blocker.what)}   {blocker.line}".rstrip(), f"    fix: {hanging(blocker.fix, 9)}"]
    lines += [""] if found.blockers else []
    rows = [
        (
            f"  {step.symbol} {step.address}",
            detail(step),
            "  ".join(filter(None, (cause_text.reasons(step.causes), step.line))),
        )
        for step in found.steps
    ]
    rows += [
        (f"  {note.symbol} {note.address}", USES.get(note.detail, note.detail), note.line) for note in found.settled
    ]
    lines += [table(rows)] if rows else []
    lines += [f"note: {one_line(note)}" for note in found.notes]
    return "\n".join([*lines, "", _summary(found)])


def _summary(found: Steps) -> str:
    if count := len(found.blockers):
        return f"Blocked: {to_fix(count)}."
    if not found.steps:
        return f"Nothing to do: the account is ready for {found.environment}."
    added = sum(step.symbol == "+" for step in found.steps)
    return f"Bootstrap {found.fingerprint}: {added} to add, {len(found.steps) - added} to change."
