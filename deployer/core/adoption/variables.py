"""Which variables are taken over into a manifest, as what, and which are left out and why."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from deployer import names
from deployer.core.adoption.live import Live
from deployer.core.facts import ParameterFact
from deployer.core.release import RELEASE_VARIABLE
from deployer.manifest import rules
from deployer.manifest.credentials import credential_in, is_telling
from deployer.manifest.unseen import unseen

_SAYABLE: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,300}")  # anything else was hardly meant to be a name


class Taken(Struct, frozen=True):
    """A variable of the new manifest; `value` is None for a secret. `mend` is a command it still needs, or ""."""

    name: str
    value: str | None
    store: str = "parameter"
    description: str = ""
    notes: tuple[str, ...] = ()
    mend: str = ""


class LeftOut(Struct, frozen=True):
    """What the new manifest does not name. `reaches` says that the service has it now, and loses it when deployed."""

    name: str
    why: str
    reaches: bool


def choose(
    live: Live, secrets: Collection[str], settings: Collection[str] | None = None
) -> tuple[tuple[Taken, ...], tuple[LeftOut, ...]]:
    """Every variable of the service and every parameter below the path, once.

    `settings` are the variables that the service's code reads, None when that is not known; `secrets` those among them
    that it keeps as secrets.
    """
    found = list(_all(live, secrets, settings))
    return (
        tuple(one for one in found if isinstance(one, Taken)),
        tuple(one for one in found if isinstance(one, LeftOut)),
    )


def _all(live: Live, secrets: Collection[str], settings: Collection[str] | None) -> Iterator[Taken | LeftOut]:
    spec = live.service.spec
    read = {live.place.path_of(reference) for reference in spec.secrets.values()}
    for variable, reference in sorted(spec.secrets.items()):
        yield _refused(live, variable, settings) or _parameter(live, variable, reference, secrets)
    for variable, value in sorted(spec.environment.items()):
        if variable != RELEASE_VARIABLE:
            yield _refused(live, variable, settings) or _plain(live, variable, value, secrets)
        else:
            yield LeftOut(variable, names.why_reserved(variable) or "", reaches=False)
    for path in sorted(live.parameters.keys() - read):
        yield _unread(live, path)


def _unnamable(variable: str) -> LeftOut | None:
    why = names.why_not_a_variable(variable) or names.why_reserved(variable)
    if why is None:
        return None
    shown = _SAYABLE.fullmatch(variable) and not credential_in(variable, name="key")
    return LeftOut(variable if shown else "a variable whose name is not shown", why, reaches=True)


def _refused(live: Live, variable: str, settings: Collection[str] | None) -> LeftOut | None:
    """Why `check` would refuse the variable whatever its value is: its name, or the service has no setting for it."""
    if unnamable := _unnamable(variable):
        return unnamable
    if settings is None or variable in settings:
        return None
    command = f"just add {live.place.environment} {names.parameter(variable)}"
    why = f"the service has no setting of this name; if it needs one, add it to its settings, then: {command}"
    return LeftOut(variable, why, reaches=True)


def _parameter(live: Live, variable: str, reference: str, secrets: Collection[str]) -> Taken | LeftOut:
    name = names.parameter(variable)
    path = f"{live.parameter_path}/{name}"
    if live.place.path_of(reference) != path:
        known = reference.startswith(("arn:aws", "/")) and _SAYABLE.fullmatch(reference)
        where = reference if known else "something else"
        return LeftOut(variable, f"it is read from {where}; this manifest would read it from {path}", reaches=True)
    fact = live.parameters.get(path)
    if fact is None:
        return LeftOut(variable, f"there is no parameter {path}", reaches=True)
    if fact.secure:
        return _described(Taken(name, None), fact)
    if fact.value is None:
        return LeftOut(variable, f"{path} is a StringList; a manifest holds a String", reaches=True)
    return _literal(live, Taken(name, fact.value), secrets, fact)


def _plain(live: Live, variable: str, value: str, secrets: Collection[str]) -> Taken | LeftOut:
    return _literal(live, Taken(names.parameter(variable), value, store="service"), secrets, None)


def _literal(live: Live, taken: Taken, secrets: Collection[str], fact: ParameterFact | None) -> Taken | LeftOut:
    """The value in the file, if it is none to be hidden and the file can hold it."""
    variable, value = names.variable(taken.name), taken.value or ""
    if variable in secrets or is_telling(taken.name) or credential_in(value, name=taken.name):
        mend = f"just secret set {live.place.environment} {taken.name}"
        note = f"Anyone who may look at the service can read it now: {mend}; then replace what it opens."
        if fact is not None:
            note = f"A plain String in SSM now, and kept in its history: {mend}; then replace what it opens."
        secret = replace(taken, value=None, store="parameter", notes=(note,), mend=mend)
        return _described(secret, fact) if fact else secret
    if why := _why_not_written(taken.name, value, taken.store):
        return LeftOut(variable, why, reaches=True)
    return _described(taken, fact) if fact else taken


def _described(taken: Taken, fact: ParameterFact) -> Taken:
    if credential_in(fact.description) or unseen(fact.description):
        note = "Its description looks like a credential, or holds what cannot be seen: the parameter loses it."
        return replace(taken, notes=(*taken.notes, note))
    return replace(taken, description=fact.description)


def _why_not_written(name: str, value: str, store: str) -> str:
    if unseen(value):
        return "its value holds a character that cannot be seen"
    entry = {"kind": "literal", "value": value, "store": store}
    return next((broken.what for broken in rules.broken({"variables": {name: entry}})), "")


def _unread(live: Live, path: str) -> LeftOut:
    name = path.removeprefix(f"{live.parameter_path}/")
    if "/" in name:
        return LeftOut(path, "it lies deeper than the parameters of this manifest", reaches=False)
    why = names.why_not_a_name(name) or names.why_reserved(name.upper().replace("-", "_"))
    return LeftOut(path, why or "the service does not read it", reaches=False)
