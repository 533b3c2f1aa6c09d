"""Plan what the service itself is given for each variable: a plain value, or the parameter it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from msgspec.structs import replace

from deployer import names
from deployer.core.cause import HIDDEN, Cause, CauseKind, State
from deployer.core.desired import Desired
from deployer.core.observed import Observed
from deployer.core.release import RELEASE_VARIABLE, Release
from deployer.core.service import ServiceSpec
from deployer.manifest.credentials import is_telling
from deployer.resources.part import PlanPart
from deployer.resources.service.change import ServiceVariable
from deployer.resources.ssm_parameters.change import ParameterChange


def plan_service_variables(desired: Desired, observed: Observed, last: Release | None, resources: PlanPart) -> PlanPart:
    """One change for each variable that differs and that no other change shows. `last` is the running release.

    `resources` is the plan of the resources: where it writes a parameter, that change shows the new value. A new
    service reads every parameter. A variable that an existing service loses has a change here, also when its parameter
    is kept.
    """
    written = {change.address for change in resources.changes if isinstance(change, ParameterChange)}
    return PlanPart(changes=tuple(_changes(desired, observed, last, written)))


def _changes(
    desired: Desired, observed: Observed, last: Release | None, written: Collection[str]
) -> Iterator[ServiceVariable]:
    live = observed.service.spec if observed.service else None
    desired_spec = ServiceSpec("", desired.settings, desired.plain, desired.secrets)  # for the variables only
    secure = {parameter.variable for parameter in desired.parameters if parameter.secure}
    for variable in sorted(_variables(desired_spec) | _variables(live)):
        old, new = _given(live, variable), _given(desired_spec, variable)
        if old == new or variable in written or (live is None and new and new[0] == "parameter"):
            continue
        was = _released(last, desired, variable)
        ours = variable in desired.lines or old == was
        known = ours and variable not in secure and not is_telling(_name(variable))
        kind: Literal["literal", "secret"] = "secret" if variable in secure or _is_secure(observed, old) else "literal"
        yield ServiceVariable(
            variable,
            kind,
            _state(old, known=known),
            _state(new, known=True),
            desired.parameter_path,
            symbol="+" if old is None else "-" if new is None else "~",
            causes=(_why(desired, observed, old, new, was, last, variable, kind),),
            line=desired.lines.get(variable, ""),
        )


Given = tuple[str, str] | None


def _variables(spec: ServiceSpec | None) -> set[str]:
    return (spec.environment.keys() | spec.secrets.keys()) - {RELEASE_VARIABLE} if spec else set()


def _given(spec: ServiceSpec | None, variable: str) -> Given:
    if spec is None:
        return None
    if variable in spec.environment:
        return "plain", spec.environment[variable]
    return ("parameter", spec.secrets[variable]) if variable in spec.secrets else None


def _is_secure(observed: Observed, given: Given) -> bool:
    if given is None or given[0] != "parameter":
        return False
    live_parameter = observed.parameters.get(_path(given[1]))
    return live_parameter is not None and live_parameter.secure


def _name(variable: str) -> str:
    """The variable's parameter name. The service may have a variable that no manifest can name."""
    return variable.lower().replace("_", "-")


def _released(last: Release | None, desired: Desired, variable: str) -> Given:
    if last is None:
        return None
    if variable in last.versions:
        path = names.join(desired.parameter_path, names.parameter(variable))
        return "parameter", names.path_to_arn(path, desired.region, desired.account)
    return ("plain", last.literals[variable]) if variable in last.literals else None


def _why(
    desired: Desired,
    observed: Observed,
    old: Given,
    new: Given,
    was: Given,
    last: Release | None,
    variable: str,
    kind: str,
) -> Cause:
    """The causes by a three-way comparison, as for a parameter."""
    hidden = variable in {p.variable for p in desired.parameters if p.secure} or is_telling(_name(variable))
    known = not hidden and (variable in desired.lines or old == was)
    recorded, live, goal = _state(was, known=not hidden), _state(old, known=known), _state(new, known=True)
    if last is not None and (new == was or old != was):
        outside = CauseKind.CONFLICT if new != was else CauseKind.REMOVED if old is None else CauseKind.DRIFT
        release = desired.rollback_to if outside is CauseKind.CONFLICT else None
        made = Cause(kind=outside, subject=kind, recorded=recorded, desired=goal, live=live, release=release)
        if old is None or old[0] != "parameter":
            return made
        live_parameter = observed.parameters.get(_path(old[1]))
        who, when = (live_parameter.changed_by, live_parameter.when) if live_parameter else ("", "")
        return replace(made, subject="reference", who=who, when=when)
    if old is None:
        return desired.add(kind, desired=goal)
    return desired.edit(kind, recorded=recorded, desired=goal, live=live)


def _path(arn: str) -> str:
    """The path of a parameter, from its ARN or from its name."""
    return arn.partition(":parameter")[2] or arn


def _state(given: Given, *, known: bool) -> State | None:
    """The state of a value. Unless it is `known` to the manifest as a literal, it may be secret and is hidden."""
    if given is None:
        return None
    if given[0] == "parameter":
        return State(path=_path(given[1]))
    return State(value=given[1]) if known else HIDDEN
