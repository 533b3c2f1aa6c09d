"""The outcome of an adoption, and what it leaves out, notes and expects, as text."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.adoption.expected import (
    AutomaticDeploymentsOff,
    CommandRemoved,
    Expectation,
    ImageByDigest,
    LifecycleAdded,
    LifecycleReplaced,
    NewScaling,
    ParametersLeftAlone,
    ParametersTagged,
    Paused,
    ReferencesByArn,
    ReleaseVariable,
    RepositoryHardened,
    RepositoryRecreated,
    SecondTag,
    SecretsUnset,
    ServiceTags,
    VariablesRemoved,
)
from deployer.core.adoption.reason import (
    AddVariable,
    BelowThePath,
    CommandFault,
    Fix,
    LostDescription,
    NoParameter,
    NotAllowed,
    Note,
    NotRead,
    NotReadNow,
    NotSet,
    NoValue,
    Readable,
    ReadElsewhere,
    Reason,
    RefusedValue,
    RenameVariable,
    UnseenCharacter,
    WasStringList,
)
from deployer.core.release import RELEASE_VARIABLE
from deployer.errors import as_typed
from deployer.view.counts import counted
from deployer.view.documents.adopt import AdoptDocument

NOTHING: Final = "nothing to do"
HELD: Final = "; the service has it now, and loses it with the next deployment"
FAULTS: Final[dict[CommandFault, str]] = {
    "credential": "holds what looks like a credential",
    "not-one-line": "is not one line of text",
    "not-words": "cannot be split into words",
}


def shown_name(name: str) -> str:
    """The name of a variable that is left out; "" is a name that may not be shown."""
    return name or "a variable whose name is not shown"


def why(reason: Reason) -> str:
    """Why the manifest does not hold a variable."""
    match reason:
        case NotAllowed():
            return reason.rule
        case UnseenCharacter():
            return "its value holds a character that cannot be seen"
        case RefusedValue():
            return f"the service refuses its value: {reason.why}"
        case ReadElsewhere():
            source = reason.reference or "something else"
            return f"it is read from {source}; this manifest would read it from {reason.path}"
        case NoParameter():
            return f"parameter {reason.path} does not exist"
        case BelowThePath():
            return "its path is below that of this manifest's parameters"
        case NotRead():
            return "the service does not read it"
        case NotSet():
            return f"the service {reason.service} does not set it"
        case _:
            assert_never(reason)


def fix(step: Fix | None, environment: str) -> str:
    """What to do with a variable that is left out."""
    match step:
        case None:
            return NOTHING
        case AddVariable():
            extra = " --extra" if step.extra else ""
            if step.secret:
                return f"just add {environment} {step.name} --secret{extra}, and: {set_secret(step.name, environment)}"
            return f"just add {environment} {step.name} VALUE{extra}"
        case RenameVariable():
            return "rename it where it is read, and add it by its new name: just add ENV NAME VALUE"
        case _:
            assert_never(step)


def set_secret(name: str, environment: str) -> str:
    """The command that sets a secret."""
    return f"just secret set {environment} {name}"


def note(remark: Note, name: str, environment: str) -> str:
    """What a person who edits the manifest should know of a variable."""
    command = set_secret(name, environment)
    match remark:
        case NotReadNow():
            return f"Nothing reads this parameter now: {why(remark.reason)}."
        case NoValue():
            absent = "It has no value at this path, and the service does not start without one"
            return f"{absent}: {why(remark.reason)}. Set it: {command}"
        case WasStringList():
            return "A StringList now. A manifest holds a String: the first plan recreates it, with the same value."
        case Readable():
            now = (
                "A plain String in SSM now"
                if remark.stored
                else "Anyone with permission to read the service can read it now"
            )
            return f"{now}: {command}; then rotate the credential."
        case LostDescription():
            return "Its description looks like a credential, or holds what cannot be seen: the parameter loses it."
        case _:
            assert_never(remark)


def expectation(change: Expectation, environment: str) -> str:  # noqa: C901 -- each kind of change
    """A change that the first plan shows."""
    match change:
        case SecretsUnset():
            return f"it is blocked until these secrets are set: {', '.join(change.names)}"
        case ParametersTagged():
            made = counted(change.count, "parameter")
            return f"{made} made elsewhere: tagged managed-by, so that the deployer manages them; their values stay"
        case ParametersLeftAlone():
            return "parameters that are left out below: left alone"
        case VariablesRemoved():
            return "variables that are left out below and that the service has now: the deployment removes them"
        case RepositoryRecreated():
            return f"repository {change.repository}: it is gone; it will be recreated"
        case RepositoryHardened():
            return f"repository {change.repository}: tags that cannot be moved, and a scan of each image"
        case LifecycleAdded():
            return f"lifecycle {change.repository}: old images expire, those that were released stay"
        case LifecycleReplaced():
            return f"lifecycle {change.repository}: its rules are replaced by those of the deployer"
        case SecondTag():
            return "a second tag for the image, so that it is kept as long as it is a release"
        case Paused():
            first = f"just resume {environment} --old-release-first"
            return f"service {change.service}: it is paused; nothing is deployed before: {first}"
        case NewScaling():
            return f"scaling {change.service}: a revision of its own, with the numbers it has now"
        case ServiceTags():
            return f"service {change.service}: the tags managed-by, app and environment, where they differ"
        case ReleaseVariable():
            shows = "so that the public URL shows which release it serves"
            return f"deploy {change.service}: {RELEASE_VARIABLE} is set, {shows}"
        case ImageByDigest():
            digest = "the image of the current commit, by its digest"
            return f"deploy {change.service}: {digest}; of {change.tag} with --image"
        case CommandRemoved():
            return (
                f"deploy {change.service}: its start command {FAULTS[change.fault]}, is left out here, and is removed"
            )
        case AutomaticDeploymentsOff():
            planned = "so that nothing is deployed but what was planned"
            return f"deploy {change.service}: automatic deployments off, {planned}"
        case ReferencesByArn():
            return f"deploy {change.service}: parameters by their ARNs instead of their names"
        case _:
            assert_never(change)


def render_adopted(adopted: AdoptDocument) -> str:
    """What was written, what was left out and why, and the next steps."""
    name, place = adopted.environment, f"account {adopted.account}, {adopted.region}"
    held = f"{len(adopted.secrets)} secrets, {len(adopted.literals)} literals"
    lines = [f"{adopted.file}: {held}, from service {adopted.service} in {place}"]
    if adopted.extra:
        lines.append(
            f"kept with `extra: true`, because the service has no setting for them: {', '.join(adopted.extra)}"
        )
    for one in adopted.left:
        lines += [f"left out: {one.name}: {one.why}{HELD if one.reaches else ''}", as_typed(f"  fix: {one.fix}")]
    lines += [as_typed(f"blocks a plan until it is done: {command}") for command in adopted.blockers]
    lines += [f"{what}: keep one of the two files before anything is deployed" for what in adopted.shared]
    then = f"Read it and commit it, then: just check {name}, and: just plan {name}{_of(adopted.image)}"
    return "\n".join([*lines, as_typed(then)])


def _of(image: str) -> str:
    """The option that plans the running image."""
    _, mark, tag = image.rpartition("/")[2].partition(":")
    return f" --image {tag}" if mark and "@" not in image else ""
