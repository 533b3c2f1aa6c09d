"""The changes of a plan as text: what is done to each, from the old to the new state."""

from __future__ import annotations

from typing import assert_never

from deployer.core.cause import State
from deployer.core.desired import DesiredParameter
from deployer.core.lifecycle import RELEASED
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable
from deployer.resources.ecr_repository.change import (
    ChangeRepository,
    CreateRepository,
    KeepImage,
    PushImage,
    PutLifecycle,
)
from deployer.resources.hold.change import LiftHold, PlaceHold
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.service.change import (
    CreateScaling,
    DeployService,
    Difference,
    PauseService,
    RecordRelease,
    ResumeService,
    ServiceVariable,
    TagService,
)
from deployer.resources.ssm_parameters.change import AdoptParameter, DeleteParameter, PutParameter, RecreateParameter
from deployer.resources.unions import Change
from deployer.view.cause_text import reasons
from deployer.view.shape_text import render_shape
from deployer.view.state_text import UNSHOWN, setting, shown


def why(change: Change) -> str:
    """The causes of a change."""
    if isinstance(change, PlaceHold):
        return "rollback"
    return reasons(change.causes)


def detail(change: Change) -> str:  # noqa: C901 -- one return for each kind of change
    """What a change does, in a few words; never a secret."""
    match change:
        case CreateTable():
            return _table(change)
        case ChangeTable():
            return ", ".join(f"{one.name} {one.live} -> {one.desired}" for one in change.settings)
        case PutRole():
            return "trust and policy"
        case CreateRepository():
            return "immutable tags, scan on push"
        case ChangeRepository():
            return _repository(change)
        case PutLifecycle():
            return f"keep the newest {change.keep} images, and the newest {RELEASED} releases"
        case PushImage():
            return change.digest[:19]
        case KeepImage():
            return "kept as a release"
        case PutParameter():
            return f"{_put(change)}; adopted" if change.adopts else _put(change)
        case RecreateParameter():
            return _recreate(change)
        case AdoptParameter():
            return f"{_kind(change.parameter)}  adopted: tagged, its value stays"
        case ServiceVariable():
            states = " -> ".join(_source(state, change) for state in (change.old, change.new) if state is not None)
            return f"{change.kind:<7}  {states}"
        case DeleteParameter():
            return "deleted with its history"
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
        case PlaceHold():
            return f"no other deployment until: just resume {change.environment}"
        case LiftHold():
            return change.hold.reason
        case _:
            assert_never(change)


def differences(change: DeployService) -> str:
    """What a deployment brings to the running containers."""
    return ", ".join(_difference(difference) for difference in change.differences)


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


def _table(change: CreateTable) -> str:
    table = change.table
    expiry = f"expiry by {table.expires}" if table.expires else "no expiry"
    return f"{render_shape(table.shape)}; {expiry}; deletion protection {'on' if table.deletion_protection else 'off'}"


def _repository(change: ChangeRepository) -> str:
    wrong = [] if change.immutable else ["tags mutable -> immutable"]
    return ", ".join(wrong + ([] if change.scan_on_push else ["scan on push off -> on"]))


def _kind(parameter: DesiredParameter) -> str:
    return "secret " if parameter.secure else "literal"


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


def _source(state: State, change: ServiceVariable) -> str:
    """How the service is given a variable."""
    if state.path:
        return "from SSM" if state.path.rpartition("/")[0] in {"", change.root} else f"from {state.path}"
    return UNSHOWN if state.hidden else shown(state.value or "")


def _scaling(change: CreateScaling) -> str:
    scaling = change.scaling
    text = f"{scaling.min} to {scaling.max} instances, {scaling.concurrency} requests each"
    return text + "; an unused revision is deleted" if change.replaces else text
