"""Compare two manifests: what only one of them holds, and what differs. Descriptions do not count."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from msgspec import Struct

from deployer.manifest.model import LiteralVariable, Manifest, SecretVariable


class Difference(Struct, frozen=True):
    """One difference of two manifests; None where a side lacks it. `group` is `settings` or `variables`."""

    group: str
    name: str
    left: str | None
    right: str | None


def compare_manifests(left: Manifest, right: Manifest) -> tuple[Difference, ...]:
    """Every difference, the settings in the order of the model, then the variables in the order of the files."""
    names = dict.fromkeys([*left.variables, *right.variables])
    shown = [({n: _shown(v) for n, v in one.variables.items()}) for one in (left, right)]
    return (
        *_differing("settings", *(dict(_settings(one)) for one in (left, right))),
        *_differing("variables", *({n: one[n] for n in names if n in one} for one in shown)),
    )


def _differing(group: str, left: Mapping[str, str], right: Mapping[str, str]) -> Iterator[Difference]:
    for name in dict.fromkeys([*left, *right]):
        if left.get(name) != right.get(name):
            yield Difference(group, name, left.get(name), right.get(name))


def _settings(manifest: Manifest) -> Iterator[tuple[str, str]]:
    yield from _flat(manifest.model_dump(mode="json", exclude={"variables"}, exclude_none=True), "")


def _flat(value: object, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _flat(inner, f"{name}.{key}" if name else key)
    else:
        yield name, value if isinstance(value, str) else json.dumps(value)


def _shown(variable: LiteralVariable | SecretVariable) -> str:
    extra = " (extra)" if variable.extra else ""
    if isinstance(variable, SecretVariable):
        return (f"secret, made of {variable.generate} bytes" if variable.generate else "secret") + extra
    return f"literal {variable.text}" + (" (of the service)" if variable.store == "service" else "") + extra
