"""Fault switches: which faults the local world produces, how often, and for which requests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

ROUTE = "/_local/faults"
RULES_AT_MOST = 100  # per switch
LONGEST_MESSAGE = 4000  # characters of the message of an error


@dataclass(frozen=True)
class Number:
    """A number between `low` and `high`, both included."""

    about: str
    low: float
    high: float
    whole: bool = False
    required: bool = False

    @property
    def form(self) -> str:
        return f"{'a whole number' if self.whole else 'a number'} from {self.low:g} to {self.high:g}"

    def accepts(self, value: object) -> bool:
        if isinstance(value, bool) or not isinstance(value, int if self.whole else int | float):
            return False
        return self.low <= value <= self.high


@dataclass(frozen=True)
class Choice:
    """One of several texts or numbers."""

    about: str
    choices: tuple[str | int, ...]
    required: bool = False

    @property
    def form(self) -> str:
        return "one of " + ", ".join(map(str, self.choices))

    def accepts(self, value: object) -> bool:
        return not isinstance(value, bool) and value in self.choices


@dataclass(frozen=True)
class FreeText:
    """Any text that is not empty and has at most `longest` characters."""

    about: str
    required: bool = False
    longest: int = 200
    form: str = "a text"

    def accepts(self, value: object) -> bool:
        return isinstance(value, str) and 0 < len(value) <= self.longest


@dataclass(frozen=True)
class Flag:
    about: str
    required: bool = False
    form: str = "true or false"

    def accepts(self, value: object) -> bool:
        return isinstance(value, bool)


Parameter = Number | Choice | FreeText | Flag

COUNTS: dict[str, Parameter] = {
    "times": Number("how often it strikes; without it, until it is cleared", 1, 1e9, whole=True),
    "after": Number("how many requests that it fits pass unharmed first", 0, 1e9, whole=True),
}


@dataclass(frozen=True)
class Switch:
    """A fault that can be switched on.

    `selectors` narrow down which requests it strikes; `parameters` say how.
    """

    about: str
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    selectors: Mapping[str, Parameter] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, Parameter]:
        return {**self.parameters, **self.selectors, **COUNTS}


class FaultProblem(ValueError):
    """An invalid document of faults; `problems` has one sentence for each reason."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


@dataclass
class _Rule:
    settings: dict[str, Any]
    selectors: dict[str, Any]
    left: int | None
    skip: int
    struck: int = 0

    def fits(self, about: Mapping[str, Any]) -> bool:
        return self.left != 0 and all(about.get(name) == value for name, value in self.selectors.items())


class Faults:
    """The switches of a server. All are off at the start."""

    def __init__(self, switches: Mapping[str, Switch]) -> None:
        self._switches = switches
        self._rules: dict[str, list[_Rule]] = {}

    def replace(self, document: object) -> None:
        """Take `{switch: true | {…} | [{…}, …]}` instead of all that was on. Raises FaultProblem, changing nothing."""
        problems: list[str] = []
        if not isinstance(document, dict):
            raise FaultProblem(["faults are a JSON object of switches"])
        rules: dict[str, list[_Rule]] = {}
        for name, setting in document.items():
            switch = self._switches.get(name)
            if switch is None:
                problems.append(f"there is no switch {name!r}: known are {', '.join(sorted(self._switches))}")
                continue
            if setting is False:
                continue
            rules[name] = list(_read(name, switch, setting, problems))
        if problems:
            raise FaultProblem(problems)
        self._rules = rules

    def clear(self) -> None:
        self._rules = {}

    def on(self, name: str, **about: Any) -> bool:
        """Return whether the next such request would be affected, without counting it."""
        return self.find(name, **about) is not None

    def find(self, name: str, **about: Any) -> dict[str, Any] | None:
        """Return the settings of the first rule that would affect such a request, without counting it."""
        return next((rule.settings for rule in self._rules.get(name, ()) if rule.fits(about) and not rule.skip), None)

    def take(self, name: str, **about: Any) -> dict[str, Any] | None:
        """Return the settings of the first rule that affects this request, and count it; None if none does."""
        for rule in self._rules.get(name, ()):
            if not rule.fits(about):
                continue
            if rule.skip:
                rule.skip -= 1
                continue
            rule.struck += 1
            if rule.left is not None:
                rule.left -= 1
            return rule.settings
        return None

    def stands(self, settings: dict[str, Any]) -> bool:
        """Return whether the switches are unchanged since `take` returned these settings."""
        return any(rule.settings is settings for rules in self._rules.values() for rule in rules)

    def state(self) -> dict[str, Any]:
        """Return which switches are on, how often each took effect, and how often it still will."""
        return {
            name: [
                {**rule.settings, **rule.selectors, "left": rule.left, "after": rule.skip, "struck": rule.struck}
                for rule in rules
            ]
            for name, rules in self._rules.items()
        }

    def manual(self) -> dict[str, Any]:
        """Return every switch with its settings, for people."""
        return {
            name: {
                "about": switch.about,
                "settings": {key: f"{what.form}: {what.about}" for key, what in switch.known.items()},
                "required": [key for key, what in switch.known.items() if what.required],
            }
            for name, switch in self._switches.items()
        }


def _read(name: str, switch: Switch, setting: object, problems: list[str]) -> Iterator[_Rule]:
    listed = setting if isinstance(setting, list) else [setting]
    if len(listed) > RULES_AT_MOST:
        problems.append(f"{name}: at most {RULES_AT_MOST} rules")
        return
    for one in listed:
        settings = {} if one is True else one
        if not isinstance(settings, dict):
            problems.append(f"{name}: give true, an object of settings, or a list of such objects")
            continue
        before = len(problems)
        for key, value in settings.items():
            if key not in switch.known:
                problems.append(f"{name}: there is no setting {key!r}: known are {', '.join(switch.known)}")
            elif not switch.known[key].accepts(value):
                problems.append(f"{name}.{key} must be {switch.known[key].form}")
        missing = [key for key, what in switch.known.items() if what.required and key not in settings]
        problems.extend(f"{name}: {key} is missing ({switch.known[key].form})" for key in missing)
        if len(problems) == before:
            yield _Rule(
                settings={key: value for key, value in settings.items() if key in switch.parameters},
                selectors={key: value for key, value in settings.items() if key in switch.selectors},
                left=settings.get("times"),
                skip=settings.get("after", 0),
            )


def answer(faults: Faults, method: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """Read, replace or clear the switches (`GET`, `PUT`, `DELETE`). Returns a status and a document to send as JSON.

    Each answers `{"faults": {…}, "switches": {…}}`; a document that cannot be taken is 400 with
    `{"error", "problems"}`.
    """
    try:
        if method == "PUT":
            faults.replace(json.loads(body))
        elif method == "DELETE":
            faults.clear()
    except FaultProblem as problem:
        return 400, {"error": str(problem), "problems": problem.problems}
    except ValueError as error:
        return 400, {"error": f"not JSON: {error}", "problems": []}
    return 200, {"faults": faults.state(), "switches": faults.manual()}


def fault_routes(faults: Faults) -> list[web.RouteDef]:
    """Return the routes of the switches at `/_local/faults`."""

    async def handle(request: web.Request) -> web.Response:
        status, document = answer(faults, request.method, await request.read())
        return web.json_response(document, status=status)

    return [method(ROUTE, handle) for method in (web.get, web.put, web.delete)]
