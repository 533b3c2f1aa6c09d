"""The secrets of an environment, and the outcomes of the verbs of `deployer secret`, as text. No value is in it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Literal, assert_never

from deployer.core.person import person_name
from deployer.core.secret_import import ImportedVariable, ImportStatus
from deployer.core.secret_state import SecretState, SecretStatus
from deployer.errors import as_typed
from deployer.names import variable as variable_name
from deployer.view.table import render_table
from deployer.view.times import ago


def status_text(status: SecretStatus) -> str:
    """The status in a few words."""
    match status:
        case SecretStatus.MISSING:
            return "missing"
        case SecretStatus.READABLE:
            return "a plain String"
        case SecretStatus.UNDEPLOYED:
            return "not deployed yet"
        case SecretStatus.RUNNING:
            return "running"
        case SecretStatus.STAGED:
            return "staged"
        case _:
            assert_never(status)


def render_written(environment: str, name: str, did: Literal["same", "set", "made", "replaced"], version: int) -> str:
    """What was written, and how the containers get it."""
    if did == "same":
        return f"{name} has this value already (version {version}); nothing was written."
    deploys = as_typed(f"Containers get it with: just reconcile {environment}")
    return f"{name} is {did} (version {version}). {deploys}"


def render_secrets(
    environment: str, manifest: str, states: Sequence[SecretState], generated: Collection[str], now: datetime
) -> str:
    """A line for each secret of the manifest, and the next steps. `generated` are those the deployer can generate."""
    if not states:
        return f"{manifest} names no secret."
    lines = [render_table([("secret", "state", "version", "changed", "by"), *(_row(state, now) for state in states)])]
    lines += [
        as_typed(
            f"Generate it: just secret generate {environment} {state.name}"
            if state.name in generated
            else f"Set it: just secret set {environment} {state.name}"
        )
        for state in states
        if state.status is SecretStatus.MISSING
    ]
    if any(state.status in {SecretStatus.STAGED, SecretStatus.UNDEPLOYED} for state in states):
        lines.append(as_typed(f"One deployment brings all of them to the containers: just reconcile {environment}"))
    return "\n".join(lines)


def import_text(imported: ImportedVariable, environment: str, manifest: str) -> str:
    """The outcome for a variable; of one that is left, with the commands that import it where it looks secret."""
    if not imported.credential:
        return _imported(imported.status, manifest)
    literal = imported.status is ImportStatus.LITERAL
    first = f"just remove {environment} {imported.name}, then: " if literal else ""
    add = f"{first}just add {environment} {imported.name} --secret"
    return as_typed(f"{_imported(imported.status, manifest)}; it looks like {imported.credential}: {add}")


def _imported(status: ImportStatus, manifest: str) -> str:
    match status:
        case ImportStatus.SET:
            return "set"
        case ImportStatus.NEW:
            return "would be set"
        case ImportStatus.OTHER:
            return "would be replaced"
        case ImportStatus.SAME:
            return "the same already"
        case ImportStatus.EMPTY:
            return "left: empty in the file"
        case ImportStatus.LITERAL:
            return f"left: a literal of {manifest}"
        case ImportStatus.NOT_NAMED:
            return "left: the manifest does not name it"
        case ImportStatus.NOT_GIVEN:
            return "not in the file"
        case _:
            assert_never(status)


def render_imported(environment: str, manifest: str, variables: Sequence[ImportedVariable]) -> str:
    """A line for each, and how the containers get what was set."""
    rows = [
        (
            variable_name(one.name),
            import_text(one, environment, manifest) + (f" (version {one.version})" if one.version else ""),
        )
        for one in variables
    ]
    lines = [render_table(rows)] if rows else ["neither the file nor the manifest names a secret"]
    if any(one.status is ImportStatus.SET for one in variables):
        lines.append(as_typed(f"Containers get them with: just reconcile {environment}"))
    return "\n".join(lines)


def _row(state: SecretState, now: datetime) -> tuple[str, ...]:
    held = (
        f", containers hold {state.running}"
        if state.status is SecretStatus.STAGED and state.running is not None
        else ""
    )
    version = "" if state.version is None else f"{state.version}{held}"
    return (state.name, status_text(state.status), version, ago(changed_at(state), now), person_name(state.by))


def changed_at(state: SecretState) -> str:
    """When the secret was changed, in ISO 8601; "" if that is not known."""
    return datetime.fromtimestamp(state.changed, UTC).isoformat(timespec="seconds") if state.changed else ""
