"""The steps of a bootstrap as text for people, each with its reason."""

from __future__ import annotations

from typing import assert_never

from deployer.account.finding import (
    Blocker,
    DeniedNeed,
    ForeignPrincipal,
    MissingPrincipal,
    MissingTrust,
    MoreRights,
    NoProvider,
    Note,
    OperatorPolicy,
    OtherAudience,
    OtherPolicies,
    PassRole,
    RightsUnseen,
    SettledItem,
    SharedPrincipal,
    StrangerTrusted,
)
from deployer.account.steps import (
    AttachPolicy,
    CreatePrincipal,
    CreateProvider,
    PutPolicy,
    PutTrust,
    Step,
    Steps,
)
from deployer.core.policies.documents import AUDIENCE, ISSUER
from deployer.core.policies.trust import Stranger
from deployer.resources.ecr_repository.change import ChangeRepository, CreateRepository, PutLifecycle
from deployer.view import cause_text
from deployer.view.counts import to_fix
from deployer.view.resources.texts import describe_change
from deployer.view.safe import hanging, one_line
from deployer.view.table import render_table

USES = {
    "access": "pulls the image",
    "instance": "reads the parameters",
    "deploy": "deploys",
    "plan": "plans",
    "image": "pushes the image",
}
IF_SHARED = {
    "deploy": "can deploy both",
    "plan": "can read both",
    "image": "can push the images of both",
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
            return describe_change(step)
        case _:
            assert_never(step)


def render(steps: Steps, *, title: str) -> str:
    """The title, problems, the steps, what is as it should be, notes, and a summary line."""
    lines = [title, ""]
    for blocker in steps.blockers:
        what, fix = blocker_text(blocker, steps.environment)
        lines += [f"blocked: {one_line(what)}   {blocker.line}".rstrip(), f"    fix: {hanging(fix, 9)}"]
    lines += [""] if steps.blockers else []
    rows = [
        (
            f"  {step.symbol} {step.address}",
            detail(step),
            "  ".join(filter(None, (cause_text.reasons(step.causes), step.line))),
        )
        for step in steps.steps
    ]
    rows += [(f"  = {one.address}", _settled(one), "") for one in steps.settled]
    lines += [render_table(rows)] if rows else []
    lines += [f"note: {one_line(note_text(note, steps))}" for note in steps.notes]
    return "\n".join([*lines, "", _summary(steps)])


def blocker_text(blocker: Blocker, environment: str) -> tuple[str, str]:
    """What must be fixed first, and its fix."""
    printed = f"just bootstrap {environment} --print"
    match blocker:
        case NoProvider():
            return f"the account does not know {ISSUER}", _manage(blocker.key, printed)
        case OtherAudience():
            known = ", ".join(blocker.audiences) or "no audience"
            return (
                f"the account knows {ISSUER}, but for {known}, not for {AUDIENCE}",
                (
                    "it may be used by others, so add it yourself: aws iam add-client-id-to-open-id-connect-provider "
                    f"--open-id-connect-provider-arn {blocker.arn} --client-id {AUDIENCE}"
                ),
            )
        case ForeignPrincipal():
            what = f"{blocker.principal} {blocker.name} exists with another trust policy"
            tag = f"aws iam tag-role --role-name {blocker.name} --tags Key=managed-by,Value=deployer"
            return (
                f"{what}, and the deployer did not create it",
                f"name another in {blocker.key}; or let the deployer manage it: {tag}",
            )
        case MissingPrincipal():
            return f"{blocker.principal} {blocker.name} does not exist", _manage(blocker.key, printed)
        case DeniedNeed():
            what = f"{blocker.principal} {blocker.name} does not allow {blocker.need.action}"
            return what, f"add to a policy of it: {blocker.need.statement}"
        case MissingTrust():
            what = f"role {blocker.role} does not trust {blocker.admitted}"
            return what, f"set its trust policy as shown by: {printed}"
        case StrangerTrusted():
            what = f"role {blocker.role} can be assumed by {_stranger(blocker.stranger)}"
            return what, f"name the jobs of this environment only: {', '.join(blocker.admits)}"
        case _:
            assert_never(blocker)


def _stranger(stranger: Stranger) -> str:
    match stranger.kind:
        case "named":
            return stranger.name
        case "every-job":
            return "every job of every repository on GitHub"
        case "everybody":
            return "everybody"
        case _:
            assert_never(stranger.kind)


def _manage(key: str, printed: str) -> str:
    return f"let the deployer create it: `managed: true` in {key}; or create it yourself from: {printed}"


def note_text(note: Note, steps: Steps) -> str:
    """Something to know besides the steps."""
    printed = f"just bootstrap {steps.environment} --print"
    if isinstance(note, OperatorPolicy):
        use = "lets people use just inbox, dead and replay"
        return f"policy {note.name} {use}, and is not created here: {printed} shows the commands"
    who = f"{note.principal} {note.name}"
    match note:
        case OtherPolicies():
            return f"{who} also has other policies: {', '.join(note.policies)}"
        case RightsUnseen():
            return f"what {who} allows was not checked: {note.why}"
        case MoreRights():
            least = "It runs the code of pull requests, so allow it to write and decrypt nothing"
            return f"whether {who} has more permissions is not checked. {least}: {printed} shows the policy"
        case PassRole():
            passes = f"whether {who} may pass the service's roles to {steps.target} cannot be checked"
            return f"{passes}: {printed} shows the statement for iam:PassRole"
        case SharedPrincipal():
            consequence = note.if_shared or IF_SHARED[note.use]
            apart = ", if they are to differ" if note.use == "access" else ""
            shared = f"{who} is shared with {', '.join(note.environments)} and {consequence}"
            return f"{shared}; give each environment its own in {note.key}{apart}"
        case _:
            assert_never(note)


def _settled(item: SettledItem) -> str:
    match item.kind:
        case "repository":
            return "as it should be"
        case "provider":
            return f"knows {AUDIENCE}"
        case "role" | "user":
            return USES.get(item.use, item.use)
        case _:
            assert_never(item.kind)


def _summary(steps: Steps) -> str:
    if count := len(steps.blockers):
        return f"Blocked: {to_fix(count)}."
    if not steps.steps:
        return f"Nothing to do: the account is ready for {steps.environment}."
    added = sum(step.symbol == "+" for step in steps.steps)
    return f"Bootstrap {steps.fingerprint}: {added} to add, {len(steps.steps) - added} to change."
