"""Check a manifest against the service's Settings class, and refuse what the service would refuse at its start.

A field `meta_app_secret` is the variable META_APP_SECRET. Fields that the platform or the deployer sets, such as
`port`, are not variables of a manifest. For a service whose settings class is not known, None, nothing is refused.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, get_args

from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from deployer import names
from deployer.core.secret import SecretValue
from deployer.manifest.credentials import is_telling
from deployer.manifest.inbox import inbox_problems, inbox_variable
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable
from deployer.manifest.problem import Problem, in_order
from deployer.manifest.spelling import close

SettingsClass: TypeAlias = type[BaseModel] | None


def problems(loaded: LoadedManifest, settings: SettingsClass) -> tuple[Problem, ...]:
    """Every reason why the service would not start with this manifest, in the order of its lines.

    Literals are tried as texts, as the service gets them; secrets are never read.
    """
    if settings is None:
        return in_order([*inbox_problems(loaded)])
    fields = {name.upper(): field for name, field in _fields(settings).items()}
    variables = {names.variable(name): name for name in loaded.manifest.variables}
    broken = [
        *inbox_problems(loaded),
        *_missing(loaded, fields, variables),
        *_unknown(loaded, fields, variables),
        *_unknown_inbox(loaded, fields),
        *_settings_as_extra(loaded, fields, variables),
        *_exposed(loaded, fields, variables),
        *_refused(loaded, settings, fields, variables),
    ]
    return in_order(broken)


def refused_secrets(
    settings: SettingsClass, literals: Mapping[str, str], secrets: Mapping[str, SecretValue]
) -> dict[str, str]:
    """By variable, why the service would not start with the secret's value; "" for several together.

    The values are tried in memory. A reason never repeats a value: it is the validator's own text about the setting.
    """
    refused = _reasons(settings, {**literals, **{v: value.reveal() for v, value in secrets.items()}})
    return {variable: reason for variable, reason in refused.items() if variable in {"", *secrets}}


def refused_literals(settings: SettingsClass, literals: Mapping[str, str]) -> dict[str, str]:
    """By variable, why the service would not start with the literal's value; "" for several together."""
    return _reasons(settings, literals)


def _reasons(settings: SettingsClass, values: Mapping[str, str]) -> dict[str, str]:
    if settings is None:
        return {}
    by_variable = {field.upper(): field for field in settings.model_fields}
    try:
        settings.model_validate({by_variable[v]: text for v, text in values.items() if v in by_variable})
    except ValidationError as error:
        items = error.errors(include_input=False, include_url=False)
        items_by_variable = {str(item["loc"][0]).upper() if item["loc"] else "": item for item in items}
        return {variable: _reason(item) for variable, item in items_by_variable.items() if item["type"] != "missing"}
    return {}


def has_setting(settings: SettingsClass, variable: str) -> bool:
    """Whether the service itself reads this variable, and not only other programs in its container."""
    return settings is None or variable in setting_variables(settings)


def setting_variables(settings: type[BaseModel]) -> frozenset[str]:
    """The variables that a manifest can give the service: those of its settings that are not reserved."""
    return frozenset(name.upper() for name in _fields(settings))


def required_variables(settings: SettingsClass) -> tuple[str, ...]:
    """The variables without which the service does not start, in the order of its settings."""
    return (
        ()
        if settings is None
        else tuple(name.upper() for name, field in _fields(settings).items() if field.is_required())
    )


def secret_variables(settings: SettingsClass) -> frozenset[str]:
    """The variables that the service itself keeps as secrets."""
    if settings is None:
        return frozenset()
    return frozenset(name.upper() for name, field in settings.model_fields.items() if _is_secret(field))


def _missing(loaded: LoadedManifest, fields: dict[str, FieldInfo], variables: dict[str, str]) -> Iterator[Problem]:
    strangers = [name for _, name in _strangers(loaded, fields, variables)]
    inbox = inbox_variable(loaded)
    for variable, field in fields.items():
        if variable in variables or not field.is_required() or (inbox and variable == inbox.variable):
            continue
        name = names.parameter(variable)
        misspelt = any(close(stranger, [name]) for stranger in strangers)
        if not misspelt:
            kind = "{kind: secret}" if _is_secret(field) else "{kind: literal, value: ...}"
            yield loaded.problem(
                "variables",
                what=f"{name} is missing",
                why=f"the service does not start without {variable}",
                fix=f"add `{name}: {kind}`",
            )


def _unknown(loaded: LoadedManifest, fields: dict[str, FieldInfo], variables: dict[str, str]) -> Iterator[Problem]:
    for variable, name in _strangers(loaded, fields, variables):
        meant = close(name, list(map(names.parameter, fields)))
        intended = f"did you mean {meant}? Otherwise" if meant else "delete it, or add the setting to the service;"
        yield loaded.problem(
            "variables",
            name,
            what=f"the service has no setting {variable}",
            why="its code reads the variables of its settings only",
            fix=f"{intended} write `extra: true` if something else in the container reads it",
        )


def _unknown_inbox(loaded: LoadedManifest, fields: dict[str, FieldInfo]) -> Iterator[Problem]:
    inbox = inbox_variable(loaded)
    if inbox and inbox.variable not in fields:
        yield loaded.problem(
            "inbox",
            what=f"the service has no setting {inbox.variable}",
            why="the deployer would set it to the address of the inbox, and the service would not read it",
            fix="delete `inbox`, or add the setting to the service",
        )


def _strangers(
    loaded: LoadedManifest, fields: dict[str, FieldInfo], variables: dict[str, str]
) -> Iterator[tuple[str, str]]:
    """The variables without a setting and without `extra: true`, each with its parameter's name."""
    for variable, name in variables.items():
        if variable not in fields and not loaded.manifest.variables[name].extra:
            yield variable, name


def _settings_as_extra(
    loaded: LoadedManifest, fields: dict[str, FieldInfo], variables: dict[str, str]
) -> Iterator[Problem]:
    for variable, name in variables.items():
        if variable in fields and loaded.manifest.variables[name].extra:
            yield loaded.problem(
                "variables",
                name,
                "extra",
                what=f"{variable} is a setting of the service, and here marked as extra",
                why="`extra: true` is for variables that the service has no setting for: a setting is checked",
                fix="delete `extra: true`",
            )


def _exposed(loaded: LoadedManifest, fields: dict[str, FieldInfo], variables: dict[str, str]) -> Iterator[Problem]:
    secret = {name for variable, name in variables.items() if variable in fields and _is_secret(fields[variable])}
    for name in secret:
        if isinstance(loaded.manifest.variables[name], LiteralVariable):
            yield loaded.problem(
                "variables",
                name,
                what=f"{name} is a secret of the service, and here a literal",
                why="a literal can be read by everyone who reads the repository or the service's configuration",
                fix=(
                    f"write `{name}: {{kind: secret}}`, then: "
                    f"just secret set {loaded.manifest.environment} {name}; if a real value was here, replace it"
                ),
                hide=secret,
            )


def _refused(
    loaded: LoadedManifest, settings: type[BaseModel], fields: dict[str, FieldInfo], variables: dict[str, str]
) -> Iterator[Problem]:
    literals = {
        variable.lower(): (name, entry)
        for variable, name in variables.items()
        if variable in fields
        and isinstance(entry := loaded.manifest.variables[name], LiteralVariable)
        and not _is_secret(fields[variable])
    }
    telling = {name for name, _ in literals.values() if is_telling(name)}
    by_field = {field.lower(): field for field in settings.model_fields}
    values = {by_field[low]: entry.text for low, (_, entry) in literals.items()}
    inbox = inbox_variable(loaded)
    if inbox and inbox.variable in fields and inbox.variable not in variables:
        values[by_field[inbox.variable.lower()]] = inbox.address
    try:
        settings.model_validate(values)
    except ValidationError as error:
        reported: set[str] = set()
        for item in error.errors(include_input=False, include_url=False):
            if not item["loc"]:
                yield loaded.problem("variables", what="the service refuses these values together", why=_reason(item))
            field = str(item["loc"][0]).lower() if item["loc"] else ""
            if inbox and field == inbox.variable.lower() and field not in literals:
                what = f"the service refuses this value of {inbox.variable}: {inbox.address}"
                yield loaded.problem("inbox", "table", what=what, why=_reason(item), fix="name another table")
            if field in literals and field not in reported and item["type"] != "missing":
                reported.add(field)
                name = literals[field][0]
                yield loaded.problem(
                    "variables",
                    name,
                    "value",
                    what=f"the service refuses this value of {names.variable(name)}",
                    why="" if name in telling else _reason(item),
                    fix="change the value",
                    hide=telling,
                )


def _fields(settings: type[BaseModel]) -> dict[str, FieldInfo]:
    return {name: field for name, field in settings.model_fields.items() if not names.why_reserved(name.upper())}


def _reason(item: Any) -> str:
    """The validator's own text, with a small first letter and without pydantic's label."""
    words = str(item["msg"]).removeprefix("Value error, ").removeprefix("Assertion failed, ")
    words = words.replace("Input should be", "it should be")
    return " ".join(words.split())


def _is_secret(field: FieldInfo) -> bool:
    """Whether the service keeps this setting as SecretStr, optional or not."""
    return any(kind in {SecretStr, SecretBytes} for kind in _kinds(field.annotation))


def _kinds(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inside in get_args(annotation):
        yield from _kinds(inside)
