"""The service as text: its changes, what blocks them, and what a plan leaves as it is."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.cause import State
from deployer.core.target import Description
from deployer.manifest.rule import REASONS
from deployer.resources.plan import Plan
from deployer.resources.service.blocker import (
    BrokenService,
    BusyService,
    FixedSetting,
    ForeignService,
    LostSettings,
    NoScalingRevision,
    OtherTarget,
    ServiceBlocker,
    ServicePaused,
)
from deployer.resources.service.change import (
    CreateScaling,
    DeployService,
    Difference,
    PauseService,
    RecordRelease,
    ResumeService,
    ServiceChange,
    ServiceVariable,
    TagService,
)
from deployer.resources.service.notice import IgnoredKey, ServiceNotice, UnmanagedSetting
from deployer.view.cause_text import OUTSIDE
from deployer.view.state_text import UNSHOWN, setting, shown

DELETED: Final = "its address stops answering; a new service gets another"


def describe_change(change: ServiceChange) -> str:
    """What a change does; never a secret."""
    match change:
        case ServiceVariable():
            states = " -> ".join(_source(state, change) for state in (change.old, change.new) if state is not None)
            return f"{change.kind:<7}  {states}"
        case CreateScaling():
            return _scaling(change)
        case TagService():
            return ", ".join(f"{key}={value}" for key, value in sorted(change.tags.items()))
        case DeployService():
            return "create" if change.arn is None else f"deploy, because: {differences(change)}"
        case RecordRelease():
            return f"release {change.release}"
        case PauseService():
            return "stop every instance: users get no answers"
        case ResumeService():
            return f"start release {change.release}"
        case _:
            assert_never(change)


def differences(change: DeployService) -> str:
    """What a deployment brings to the running containers."""
    return ", ".join(_difference(difference) for difference in change.differences)


def describe_blocker(blocker: ServiceBlocker, plan: Plan) -> tuple[str, str]:
    """What is wrong, and its fix."""
    environment, target = plan.environment, plan.target.title
    match blocker:
        case ServicePaused():
            return _paused(blocker, plan)
        case ForeignService():
            return foreign_service(blocker, plan.target)
        case BusyService():
            one = plan.target.capabilities.one_operation_at_a_time
            rule = f"{target} runs one operation at a time" if one else "a second deployment would disturb it"
            what = f"service {blocker.service} is {blocker.status}: {rule}"
            return what, f"wait until it has ended; just reconcile {environment} waits by itself"
        case BrokenService():
            return f"service {blocker.service} is {blocker.status}", f"check its events in the {target} console"
        case NoScalingRevision():
            return _no_revision(blocker, plan.target)
        case LostSettings():
            listed = ", ".join(f"{name} ({value})" for name, value in blocker.settings.items())
            what = f"service {blocker.service} is gone, and a new one would be without what the manifest does not name"
            fix = f"name it below service in env/{environment}.yaml, or create the service with it by hand"
            return f"{what}: {listed}", fix
        case FixedSetting():
            what = f"service {blocker.service} was created with {blocker.name} {blocker.live}, not {blocker.desired}"
            key = blocker.name.rpartition(".")[2]
            fix = f"write `{key}: {blocker.live}`, or choose another service.name for a new service"
            return f"{what}: {target} cannot change that", fix
        case OtherTarget():
            what = f"release {blocker.number} ran on {blocker.target}, and the manifest chooses {plan.target.name}"
            fix = f"choose a release of {plan.target.name}: just releases {environment}, then --to NUMBER"
            return f"{what}: a release cannot be moved to another target", fix
        case _:
            assert_never(blocker)


def describe_notice(notice: ServiceNotice) -> str:
    """What a notice is about."""
    match notice:
        case UnmanagedSetting():
            value = notice.value or "a setting that this version of the deployer does not know"
            why = f"{OUTSIDE}; " if notice.cause.is_drift else ""
            return f"{value}: {why}not in the manifest, kept as it is"
        case IgnoredKey():
            return f"not used: {notice.target} {REASONS[notice.reason]}"
        case _:
            assert_never(notice)


def foreign_service(blocker: ForeignService, target: Description) -> tuple[str, str]:
    """The text of the blocker for another environment's service, for every verb that would change it."""
    untag = target.commands.untag.format(arn=blocker.arn)
    return (
        f"service {blocker.service} belongs to {blocker.app} / {blocker.environment}, as its tags show",
        f"give this environment a service.name of its own; or, if it is the same environment under a new name: {untag}",
    )


def _difference(difference: Difference) -> str:
    match difference.kind:
        case "failed-creation":
            return "its creation failed"
        case "image":
            return "image"
        case "variables":
            names = difference.names
            return " ".join(names) if len(names) <= 3 else f"{len(names)} variables"
        case "setting":
            [name] = difference.names
            return f"{name} {setting(name, difference.old)} -> {setting(name, difference.new)}"
        case "release-id":
            return "its release id is not that of these versions"
        case _:
            assert_never(difference.kind)


def _source(state: State, change: ServiceVariable) -> str:
    """How the service is given a variable."""
    if state.path:
        return "from SSM" if state.path.rpartition("/")[0] in {"", change.root} else f"from {state.path}"
    return UNSHOWN if state.hidden else shown(state.value or "")


def _scaling(change: CreateScaling) -> str:
    scaling = change.scaling
    text = f"{scaling.min} to {scaling.max} instances, {scaling.concurrency} requests each"
    return text + "; an unused revision is deleted" if change.replaces else text


def _no_revision(blocker: NoScalingRevision, target: Description) -> tuple[str, str]:
    full = f"scaling configuration {blocker.service} has {blocker.limit} revisions in use"
    return (
        f"{full}, and {target.title} takes no more",
        f"move the services that use them to another revision: {target.commands.list_scaling}",
    )


def _paused(blocker: ServicePaused, plan: Plan) -> tuple[str, str]:
    what, resume = f"service {blocker.service} is paused", f"just resume {plan.environment}"
    file = f"env/{plan.environment}.yaml"
    if plan.rollback_to is not None:
        start = f"start it with the release it ran last, then roll back: {resume} --old-release-first"
        if blocker.declared and plan.target.capabilities.updates_while_paused:
            return f"{what}, as {file} declares, and a deployment would start it", f"remove `paused: true` from {file}"
        if blocker.declared:
            start = f"remove `paused: true` from {file}; {start}"
        return f"{what}, and {plan.target.title} deploys nothing to a paused service", start
    declare = f"or declare it in {file}: `paused: true` below service"
    if not blocker.deploys:
        return what, f"start it again: {resume}; {declare}"
    start = f"start it with the release it ran last, then deploy this plan: {resume} --old-release-first"
    revert = f"or revert what waits, then: {resume}"
    return (
        f"{what}, and {plan.target.title} deploys nothing to a paused service",
        f"{start}; {revert}; {declare}, and this plan waits",
    )
