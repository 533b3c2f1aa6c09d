"""What the service itself is given for each variable: a plain value, or the parameter it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Literal

from deployer import names
from deployer.core.change import ServiceVariable, shown
from deployer.core.desired import Desired
from deployer.core.facts import Facts
from deployer.core.reasons import CHANGED, OUTSIDE, REMOVED
from deployer.core.release import RELEASE_VARIABLE, Release
from deployer.core.service import ServiceSpec
from deployer.manifest.credentials import is_telling

FROM_SSM = "from SSM"


def plain(desired: Desired, facts: Facts, last: Release | None, written: Collection[str]) -> Iterator[ServiceVariable]:
    """A line for each that differs and that no other line tells of. `last` is the recorded release that runs.

    `written` are the variables whose parameters the plan writes: their own lines say what they get. A new service reads
    every parameter. What an existing one loses has a line here, also where its parameter stays in SSM.
    """
    live = facts.service.spec if facts.service else None
    wanted = ServiceSpec("", desired.settings, desired.plain, desired.secrets)  # as far as variables go
    secure = {parameter.variable for parameter in desired.parameters if parameter.secure}
    for variable in sorted(_variables(wanted) | _variables(live)):
        old, new = _given(live, variable), _given(wanted, variable)
        if old == new or variable in written or (live is None and new and new[0] == "parameter"):
            continue
        was = _released(last, desired, variable)
        ours = variable in desired.lines or old == was
        known = ours and variable not in secure and not is_telling(_name(variable))
        kind: Literal["literal", "secret"] = "secret" if variable in secure or _is_secure(facts, old) else "literal"
        yield ServiceVariable(
            variable,
            kind,
            _words(desired, old, known=known),
            _words(desired, new, known=True),
            symbol="+" if old is None else "-" if new is None else "~",
            reason=_why(desired, old, new, was, last),
            line=desired.lines.get(variable, ""),
        )


def sides(desired: Desired, facts: Facts, last: Release, variable: str) -> tuple[str | None, str | None, str | None]:
    """A variable of the service as drift shows it: as it was released, as it is, and the path of a live reference.

    A parameter is shown by its path. A value that may be a secret is not shown.
    """
    given = _given(facts.service.spec if facts.service else None, variable)
    was = _released(last, desired, variable)
    secure = any(parameter.variable == variable and parameter.secure for parameter in desired.parameters)
    hidden = secure or is_telling(_name(variable))
    known = not hidden and (variable in desired.lines or given == was)
    path = given[1].partition(":parameter")[2] or given[1] if given and given[0] == "parameter" else None
    return _side(was, known=not hidden), _side(given, known=known), path


def _side(given: Given, *, known: bool) -> str | None:
    if given is None:
        return None
    if given[0] == "parameter":
        return given[1].partition(":parameter")[2] or given[1]
    return given[1] if known else "a value that is not shown"


Given = tuple[str, str] | None


def _variables(spec: ServiceSpec | None) -> set[str]:
    return (spec.environment.keys() | spec.secrets.keys()) - {RELEASE_VARIABLE} if spec else set()


def _given(spec: ServiceSpec | None, variable: str) -> Given:
    if spec is None:
        return None
    if variable in spec.environment:
        return "plain", spec.environment[variable]
    return ("parameter", spec.secrets[variable]) if variable in spec.secrets else None


def _is_secure(facts: Facts, given: Given) -> bool:
    if given is None or given[0] != "parameter":
        return False
    found = facts.parameters.get(given[1].partition(":parameter")[2] or given[1])
    return found is not None and found.secure


def _name(variable: str) -> str:
    """Somebody may have given the service a variable that no manifest can name."""
    return variable.lower().replace("_", "-")


def _released(last: Release | None, desired: Desired, variable: str) -> Given:
    if last is None:
        return None
    if variable in last.versions:
        path = names.join(desired.parameter_path, names.parameter(variable))
        return "parameter", names.path_to_arn(path, desired.region, desired.account)
    return ("plain", last.literals[variable]) if variable in last.literals else None


def _why(desired: Desired, old: Given, new: Given, was: Given, last: Release | None) -> str:
    """Three-way, as for a parameter."""
    if last is not None and new == was:
        return REMOVED if old is None else CHANGED
    if last is not None and old != was:
        return f"conflict: {desired.asks}, and {OUTSIDE}"
    return desired.adds if old is None else desired.asks


def _words(desired: Desired, given: Given, *, known: bool) -> str | None:
    """A value that the manifest does not know, or wants as a secret, may be one: it is not shown."""
    if given is None:
        return None
    if given[0] == "parameter":
        path = given[1].partition(":parameter")[2]
        return FROM_SSM if path.rpartition("/")[0] in {"", desired.parameter_path} else f"from {path}"
    return shown(given[1]) if known else "a value that is not shown"
