"""Choose which variables a new manifest holds, as which kind, and which it leaves out and why."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec.structs import replace

from deployer import names
from deployer.core.adoption.choice import AdoptedVariable, Choice, Missing, OmittedVariable
from deployer.core.adoption.live import Live
from deployer.core.adoption.reason import (
    AddVariable,
    BelowThePath,
    LostDescription,
    NoParameter,
    NotAllowed,
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
from deployer.core.observed import ObservedParameter
from deployer.core.release import RELEASE_VARIABLE
from deployer.errors import UsageError
from deployer.manifest import contract, rules
from deployer.manifest.credentials import credential_in, is_telling
from deployer.manifest.unseen import find_unseen

_SAYABLE: Final = re.compile(r"[A-Za-z0-9_.:/-]{1,300}")  # other text was probably not meant as a name
_LONGEST_REASON: Final = 200


def choose(live: Live, settings: contract.SettingsClass, given: Mapping[str, str] | None = None) -> Choice:
    """Choose the variables of the manifest so that the service starts with its `settings`.

    `given` holds, by parameter name, the values that the user gives for literals. Each replaces the live one. Raises
    UsageError for a value that no literal can have.
    """
    chooser = _Chooser(live, settings)
    decisions: dict[str, AdoptedVariable | OmittedVariable | Missing] = {}
    for variable, live_one in chooser.of_service():
        decisions.setdefault(variable, live_one)
    for name, value in (given or {}).items():
        variable, literal = chooser.given(name, value)
        decisions[variable] = replace(literal, store=_store(decisions.get(variable)))
    decisions |= chooser.refused(decisions)
    required = contract.required_variables(settings)
    for variable in required:
        if not isinstance(decisions.get(variable), AdoptedVariable):
            decisions[variable] = chooser.needed(variable, decisions.get(variable))
    decisions |= {
        variable: Missing(names.parameter(variable), left.reason) if variable in required else left
        for variable, left in chooser.refused(decisions).items()
    }
    kept = {f"{live.parameter_path}/{one.name}" for one in decisions.values() if isinstance(one, AdoptedVariable)}
    return Choice(
        taken=tuple(one for one in decisions.values() if isinstance(one, AdoptedVariable)),
        left=(*(one for one in decisions.values() if isinstance(one, OmittedVariable)), *chooser.unread(kept)),
        missing=tuple(one for variable in required if isinstance(one := decisions[variable], Missing)),
    )


def _store(known: AdoptedVariable | OmittedVariable | Missing | None) -> str:
    return known.store if isinstance(known, AdoptedVariable) else "parameter"


class _Chooser:
    """Decide what each variable becomes, by the settings of the service."""

    def __init__(self, live: Live, settings: contract.SettingsClass) -> None:
        self._live, self._settings = live, settings
        self._secrets = contract.secret_variables(settings)

    def of_service(self) -> Iterator[tuple[str, AdoptedVariable | OmittedVariable]]:
        """Choose each variable that the service has now. One that it has in both ways is read from its parameter."""
        spec = self._live.service.spec
        for variable, reference in sorted(spec.secrets.items()):
            yield variable, self._unnamable(variable) or self._referred(variable, reference)
        for variable, value in sorted(spec.environment.items()):
            if variable == RELEASE_VARIABLE:
                yield variable, OmittedVariable(variable, NotAllowed(names.why_reserved(variable) or ""), reaches=False)
            elif unnamable := self._unnamable(variable):
                yield variable, unnamable
            else:
                yield variable, self._literal(self._new(variable, value, store="service"))

    def given(self, name: str, value: str) -> tuple[str, AdoptedVariable]:
        """Take a literal that the user gives, by its variable."""
        variable = names.variable(name)
        if self._is_secret(variable, value):
            raise UsageError(
                f"{variable} is a secret: a manifest never holds its value",
                fix="leave it out, and when the manifest is written: "
                f"just secret set {self._live.place.environment} {name}",
            )
        literal = self._new(variable, value)
        if reason := self._why_not_written(literal):
            unseen_character = "its value holds a character that cannot be seen"
            why = reason.rule if isinstance(reason, NotAllowed) else unseen_character
            raise UsageError(f"--literal {name}: {why}", fix="give it another value")
        return variable, literal

    def refused(
        self, decisions: Mapping[str, AdoptedVariable | OmittedVariable | Missing]
    ) -> dict[str, OmittedVariable]:
        """Leave out the literals whose values the service's settings refuse."""
        literals = {
            variable: one.value
            for variable, one in decisions.items()
            if isinstance(one, AdoptedVariable) and one.value is not None and not one.extra
        }
        return {
            variable: OmittedVariable(
                variable,
                RefusedValue(textwrap.shorten(reason, _LONGEST_REASON)),
                reaches=True,
                fix=self._add(names.parameter(variable)),
            )
            for variable, reason in contract.refused_literals(self._settings, literals).items()
            if variable
        }

    def needed(
        self, variable: str, known: AdoptedVariable | OmittedVariable | Missing | None
    ) -> AdoptedVariable | Missing:
        """Add a setting without which the service does not start, and which the service has in no adoptable form."""
        reason = known.reason if isinstance(known, OmittedVariable) else NotSet(self._live.source.service)
        name = names.parameter(variable)
        parameter = self._live.parameters.get(f"{self._live.parameter_path}/{name}")
        decision = self._parameter(variable, parameter) if parameter else None
        if isinstance(decision, AdoptedVariable):
            return replace(decision, notes=(NotReadNow(reason), *decision.notes))
        if variable in self._secrets:
            return replace(self._new(variable, None), notes=(NoValue(reason),), unset=True)
        return Missing(name, reason)

    def unread(self, kept: set[str]) -> Iterator[OmittedVariable]:
        """List the parameters below the path that neither the service nor the manifest reads."""
        path, read = self._live.parameter_path, set(self._live.service.spec.secrets.values())
        paths = {self._live.place.path_of(reference) for reference in read}
        for parameter in sorted(self._live.parameters.keys() - paths - kept):
            name = parameter.removeprefix(f"{path}/")
            yield OmittedVariable(parameter, BelowThePath() if "/" in name else _unread(name), reaches=False)

    def _new(self, variable: str, value: str | None, *, store: str = "parameter") -> AdoptedVariable:
        return AdoptedVariable(names.parameter(variable), value, store, extra=not self._has_setting(variable))

    def _referred(self, variable: str, reference: str) -> AdoptedVariable | OmittedVariable:
        """Choose what becomes of a variable that the service reads from a parameter."""
        path = f"{self._live.parameter_path}/{names.parameter(variable)}"
        fix = self._add(names.parameter(variable), secret=True)
        if self._live.place.path_of(reference) != path:
            known = reference.startswith(("arn:aws", "/")) and _SAYABLE.fullmatch(reference)
            return OmittedVariable(variable, ReadElsewhere(reference if known else "", path), reaches=True, fix=fix)
        parameter = self._live.parameters.get(path)
        if parameter is None:
            return OmittedVariable(variable, NoParameter(path), reaches=True, fix=fix)
        return self._parameter(variable, parameter)

    def _parameter(self, variable: str, parameter: ObservedParameter) -> AdoptedVariable | OmittedVariable:
        """Take a parameter at the path that the manifest gives to its variable."""
        if parameter.secure:
            return _described(self._new(variable, None), parameter)
        taken = self._literal(
            self._new(variable, parameter.value if parameter.listed is None else parameter.listed), parameter
        )
        if isinstance(taken, AdoptedVariable) and taken.value is not None and parameter.listed is not None:
            return replace(taken, notes=(*taken.notes, WasStringList()))
        return taken

    def _literal(
        self, literal: AdoptedVariable, parameter: ObservedParameter | None = None
    ) -> AdoptedVariable | OmittedVariable:
        """Write the value into the file, unless it must be hidden or the file cannot hold it."""
        variable, value = names.variable(literal.name), literal.value or ""
        if self._is_secret(variable, value):
            note = Readable(stored=parameter is not None)
            secret = replace(literal, value=None, store="parameter", notes=(note,), unset=True)
            return _described(secret, parameter) if parameter else secret
        if reason := self._why_not_written(literal):
            return OmittedVariable(variable, reason, reaches=True, fix=self._add(literal.name))
        return _described(literal, parameter) if parameter else literal

    def _is_secret(self, variable: str, value: str) -> bool:
        name = names.parameter(variable)
        return variable in self._secrets or is_telling(name) or credential_in(value, name=name) is not None

    def _unnamable(self, variable: str) -> OmittedVariable | None:
        """Leave out a variable that a manifest cannot name, whatever its value."""
        if why := names.why_reserved(variable):
            return OmittedVariable(variable, NotAllowed(why), reaches=True)
        why = names.why_not_a_variable(variable) or self._broken(names.parameter(variable), {"kind": "secret"})
        if not why:
            return None
        shown = _SAYABLE.fullmatch(variable) and not credential_in(variable, name="key")
        return OmittedVariable(variable if shown else "", NotAllowed(why), reaches=True, fix=RenameVariable())

    def _why_not_written(self, literal: AdoptedVariable) -> UnseenCharacter | NotAllowed | None:
        """Why the manifest cannot hold this literal, None when it can."""
        value = literal.value or ""
        if find_unseen(value):
            return UnseenCharacter()
        rule = self._broken(literal.name, {"kind": "literal", "value": value, "store": literal.store})
        return NotAllowed(rule) if rule else None

    def _broken(self, name: str, entry: Mapping[str, str]) -> str:
        """The first rule that a manifest with this variable breaks, "" when it breaks none."""
        place = self._live.place
        aws = {"account": place.account, "region": place.region, "parameter_path": self._live.parameter_path}
        return next((broken.what for broken in rules.broken({"aws": aws, "variables": {name: entry}})), "")

    def _has_setting(self, variable: str) -> bool:
        return contract.has_setting(self._settings, variable)

    def _add(self, name: str, *, secret: bool = False) -> AddVariable:
        """Add the variable to the manifest once that is written."""
        variable = names.variable(name)
        secret = secret or variable in self._secrets or is_telling(name)
        return AddVariable(name, secret, extra=not self._has_setting(variable))


def _unread(name: str) -> Reason:
    """Why a parameter directly below the path is left out."""
    why = names.why_not_a_name(name) or names.why_reserved(name.upper().replace("-", "_"))
    return NotAllowed(why) if why else NotRead()


def _described(taken: AdoptedVariable, parameter: ObservedParameter) -> AdoptedVariable:
    if credential_in(parameter.description) or find_unseen(parameter.description):
        return replace(taken, notes=(*taken.notes, LostDescription()))
    return replace(taken, description=parameter.description)
