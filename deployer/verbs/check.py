"""`deployer check [ENV ...]`: read manifests and report every problem of all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from deployer.apps.app import App
from deployer.apps.settings import settings_class
from deployer.manifest.contract import problems
from deployer.manifest.load import Loaded, load
from deployer.manifest.model import SecretVariable
from deployer.manifest.problem import InvalidManifest, Problem
from deployer.manifest.together import clashes, crossed, quarrels, strangers
from deployer.project import PROJECT_FILE
from deployer.view.counts import counted


def check(paths: Sequence[Path], *, as_json: bool) -> str:
    """The report of valid manifests, as text or JSON. Raises InvalidManifest with all problems of all files."""
    loaded: list[Loaded] = []
    found: list[Problem] = []
    for path in paths:
        try:
            loaded.append(load(path))
        except InvalidManifest as error:
            found += error.problems
    for one in loaded:
        try:
            found += problems(one, settings_class(one.app, one.root))
        except InvalidManifest as error:  # of deployer.yaml
            found += error.problems
    found += [*clashes(loaded), *quarrels(loaded), *strangers(loaded), *crossed(loaded)]
    if found:
        raise InvalidManifest(found)
    return _json(loaded) if as_json else "\n".join(map(_line, loaded))


def unchecked(app: App) -> tuple[str, ...]:
    """What `check` cannot check in the manifests of a service, each with the reason."""
    if app.settings is not None:
        return ()
    return (f"whether the service starts with these variables: {PROJECT_FILE} names no settings class",)


def refused_json(problems: Iterable[Problem]) -> str:
    """The problems as `{"problems": [{"file": ..., "line": ..., ...}]}`, as `deployer schema check` defines them."""
    import json  # noqa: PLC0415

    from msgspec import to_builtins  # noqa: PLC0415

    from deployer.view.documents import Problem as Told  # noqa: PLC0415

    told = [to_builtins(Told(**problem._asdict())) for problem in problems]
    return json.dumps({"problems": told}, indent=2, ensure_ascii=False)


def _line(loaded: Loaded) -> str:
    secrets, literals = _counts(loaded)
    good = f"{loaded.path}: good ({counted(secrets, 'secret')}, {counted(literals, 'literal')})"
    return "\n".join([good, *(f"  not checked: {what}" for what in unchecked(loaded.app))])


def _json(loaded: Sequence[Loaded]) -> str:
    # Only the JSON for programs needs this import.
    import json  # noqa: PLC0415

    from msgspec import to_builtins  # noqa: PLC0415

    from deployer.view.documents import CheckDocument, ValidManifest  # noqa: PLC0415

    good = (
        ValidManifest(str(one.path), one.manifest.environment, one.sha256, *_counts(one), unchecked(one.app))
        for one in loaded
    )
    return json.dumps(to_builtins(CheckDocument((), tuple(good))), indent=2, ensure_ascii=False)


def _counts(loaded: Loaded) -> tuple[int, int]:
    variables = loaded.manifest.variables.values()
    secrets = sum(isinstance(variable, SecretVariable) for variable in variables)
    return secrets, len(variables) - secrets
