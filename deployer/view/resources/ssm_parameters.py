"""The parameters as text: their changes, what blocks them, and what a plan leaves alone."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.cause import CauseKind
from deployer.core.desired import DesiredParameter
from deployer.resources.plan import Plan
from deployer.resources.ssm_parameters.blocker import (
    LostSecretVersion,
    ParameterBlocker,
    ParameterInUse,
    ReadableSecret,
    RefusedSecret,
    RefusedSecrets,
    UnsetSecret,
)
from deployer.resources.ssm_parameters.change import (
    AdoptParameter,
    DeleteParameter,
    ParameterChange,
    PutParameter,
    RecreateParameter,
)
from deployer.resources.ssm_parameters.notice import KeptParameter, ParameterNotice, StagedVariable
from deployer.resources.ssm_parameters.reason import BelowThePath
from deployer.view.cause_text import READABLE, changed, reason
from deployer.view.state_text import shown

VALUE_DELETED: Final = "its value cannot be recovered"


def describe_change(change: ParameterChange) -> str:
    """What a change does; never a secret."""
    match change:
        case PutParameter():
            return f"{_put(change)}; adopted" if change.adopts else _put(change)
        case RecreateParameter():
            return _recreate(change)
        case AdoptParameter():
            kind = "secret " if change.parameter.secure else "literal"
            return f"{kind}  adopted: tagged, its value stays"
        case DeleteParameter():
            return "deleted with its history"
        case _:
            assert_never(change)


def describe_blocker(blocker: ParameterBlocker, plan: Plan) -> tuple[str, str]:
    """What is wrong, and its fix."""
    match blocker:
        case ParameterInUse():
            what = f"{blocker.variable}: its parameter would be recreated"
            fix = f"give {blocker.name} another name in the manifest and in the service, and keep the old parameter"
            return f"{what}, and {plan.target.title} reads it for each new container", fix
        case UnsetSecret() | ReadableSecret():
            return _secret(blocker, plan)
        case LostSecretVersion():
            what = f"{blocker.variable}: version {blocker.version} of the secret is no longer in SSM"
            return what, _as_secret(blocker.name, plan) if blocker.readable else "roll back without --with-secrets"
        case RefusedSecret():
            what = f"{blocker.variable}: the service refuses the value in SSM: {blocker.why}"
            return what, f"just secret set {plan.environment} {blocker.name}"
        case RefusedSecrets():
            what = f"the service refuses the values in SSM together: {blocker.why}"
            return what, f"just secret set {plan.environment} NAME"
        case _:
            assert_never(blocker)


def describe_notice(notice: ParameterNotice, rollback_to: int | None) -> str:
    """What a notice is about. `rollback_to` is the release that the plan brings back, None for a reconcile."""
    match notice:
        case StagedVariable():
            return _staged(notice)
        case KeptParameter():
            return _kept(notice, rollback_to)
        case _:
            assert_never(notice)


def describe_reason(reason: BelowThePath) -> str:
    """Why a parameter is kept."""
    del reason
    return "its path is below that of this environment's parameters"


def _put(change: PutParameter) -> str:
    parameter = change.parameter
    if parameter.restore is not None:
        return f"secret   value of v{parameter.restore} again, as v{change.version}"
    if parameter.value is None:
        return f"secret   {_origin(parameter)}"
    new = shown(parameter.value)
    if change.old is None:
        return f"literal  {new}"
    return (
        f"literal  {new} (description)" if change.old == parameter.value else f"literal  {shown(change.old)} -> {new}"
    )


def _recreate(change: RecreateParameter) -> str:
    parameter = change.parameter
    if parameter.value is None:
        what = f"secret   {_origin(parameter)}"
    elif change.old in {None, parameter.value}:
        what = f"literal  {shown(parameter.value)}"
    else:
        what = f"literal  {shown(change.old or '')} -> {shown(parameter.value)}"
    return f"{what}; {change.was} -> {change.becomes}: deleted with its history, and recreated"


def _origin(parameter: DesiredParameter) -> str:
    """The source of the value of a secret that the deployer writes."""
    return {"generate": "generated now", "local-world": "from the local world"}[parameter.origin.partition(":")[0]]


def _secret(blocker: UnsetSecret | ReadableSecret, plan: Plan) -> tuple[str, str]:
    source = f"release {plan.rollback_to}" if plan.rollback_to else "the manifest"
    command = f"just secret set {plan.environment} {blocker.name}"
    other = f"choose another release: just releases {plan.environment}, then --to NUMBER"
    if isinstance(blocker, UnsetSecret):
        return f"{blocker.variable}: the secret has no value in SSM", other if plan.rollback_to else command
    what = f"{blocker.variable}: a plain {blocker.type} in SSM, but {source} declares a secret"
    if plan.rollback_to:
        return what, f"{_as_secret(blocker.name, plan)}; or {other}"
    return what, f"{command}   ({READABLE})"


def _as_secret(name: str, plan: Plan) -> str:
    """How to turn a plain parameter into a secret again before a rollback to a release that reads it as one."""
    return f"write `{name}: {{kind: secret}}` in the manifest, then: just secret set {plan.environment} {name}"


def _staged(notice: StagedVariable) -> str:
    cause, kind = notice.cause, f"{notice.cause.subject:<7}"
    held, live = cause.recorded, cause.live
    assert held is not None
    assert live is not None
    before = "the one before" if live.recreated else f"v{held.version}"
    holds = f"containers still hold {before}"
    if notice.at_start:
        holds = f"containers that start read it now, those that run hold {before}"
    did = "deleted and recreated" if live.recreated else f"v{held.version} -> v{live.version}"
    return f"{kind}  {did}{changed(cause)}; {holds}"


def _kept(notice: KeptParameter, rollback_to: int | None) -> str:
    named = f"not in release {rollback_to}" if rollback_to else "no longer in the manifest"
    absent = "the service holds it itself" if notice.in_service else named
    if notice.cause.kind is CauseKind.NEEDED_BY_RELEASE:
        return f"{absent}; {reason(notice.cause)}"
    if notice.cause.kind is CauseKind.NOT_OURS:
        source = f"release {rollback_to}" if rollback_to else "the manifest"
        return f"in SSM, not in {source}; left alone"
    if notice.cause.kind is CauseKind.DEEPER:
        return reason(notice.cause)
    return f"{absent}; deleted with --prune"
