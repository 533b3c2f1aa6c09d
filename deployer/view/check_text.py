"""Valid manifests as text."""

from __future__ import annotations

from collections.abc import Iterable

from deployer.apps.app import App
from deployer.manifest.inbox import separate_inboxes
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import SecretVariable
from deployer.project import PROJECT_FILE
from deployer.view.counts import counted


def render_checked(manifests: Iterable[LoadedManifest]) -> str:
    """A line for each manifest, and what could not be checked."""
    return "\n".join(map(_line, manifests))


def unchecked(app: App) -> tuple[str, ...]:
    """What `check` cannot check in the manifests of a service, each with the reason."""
    if app.settings is not None:
        return ()
    return (f"whether the service starts with these variables: {PROJECT_FILE} names no settings class",)


def notes(loaded: LoadedManifest) -> tuple[str, ...]:
    """What is valid in a manifest, and may surprise."""
    if most := separate_inboxes(loaded):
        alone = f"each of up to {most} instances keeps an inbox of its own, and a replaced one may lose its messages"
        return (f"{alone}: `inbox` names a table for all of them",)
    return ()


def count_variables(loaded: LoadedManifest) -> tuple[int, int]:
    """How many secrets and how many literals a manifest names."""
    variables = loaded.manifest.variables.values()
    secrets = sum(isinstance(variable, SecretVariable) for variable in variables)
    return secrets, len(variables) - secrets


def _line(loaded: LoadedManifest) -> str:
    secrets, literals = count_variables(loaded)
    good = f"{loaded.path}: good ({counted(secrets, 'secret')}, {counted(literals, 'literal')})"
    noted = [f"  note: {what}" for what in notes(loaded)]
    return "\n".join([good, *noted, *(f"  not checked: {what}" for what in unchecked(loaded.app))])
