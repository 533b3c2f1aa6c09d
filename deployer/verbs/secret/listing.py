"""`deployer secret list ENV`: list every secret, and whether containers hold its newest version. Never a value."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec import to_builtins

from deployer import names
from deployer.aws import ledger, ssm
from deployer.core.person import person
from deployer.core.release import ledger_path
from deployer.core.secret_state import SecretState, SecretStatus, secret_states
from deployer.environment.open import open_session
from deployer.environment.secret_parameter import secrets_of
from deployer.errors import as_typed
from deployer.manifest.load import Loaded
from deployer.targets.registry import RECORDED
from deployer.view.documents.secrets import SecretDocument
from deployer.view.secrets_text import status_text
from deployer.view.table import table
from deployer.view.times import ago


def secret_list(loaded: Loaded, *, as_json: bool) -> str:
    """A line for each secret of the manifest, or JSON."""
    manifest = loaded.manifest
    session, _ = open_session(loaded)
    paths = {name: names.join(manifest.aws.parameter_path, name) for name in secrets_of(loaded)}
    found = ssm.describe(session.ssm, manifest.aws.parameter_path)
    releases = ledger.read(session.ssm, ledger_path(manifest.app, manifest.environment), RECORDED)
    states = secret_states(paths, found, releases)
    if as_json:
        return json.dumps([to_builtins(_listed(state)) for state in states], indent=2)
    if not states:
        return f"{loaded.path} names no secret."
    now = datetime.now(UTC)
    rows = [("secret", "state", "version", "changed", "by"), *(_row(state, now) for state in states)]
    waiting = [state.name for state in states if state.status in {SecretStatus.STAGED, SecretStatus.UNDEPLOYED}]
    missing = [state.name for state in states if state.status is SecretStatus.MISSING]
    lines = [table(rows)]
    makes = {name for name, secret in secrets_of(loaded).items() if secret.generate}
    lines += [
        as_typed(
            f"Generate it: just secret generate {manifest.environment} {name}"
            if name in makes
            else f"Set it: just secret set {manifest.environment} {name}"
        )
        for name in missing
    ]
    if waiting:
        lines.append(
            as_typed(f"One deployment brings all of them to the containers: just reconcile {manifest.environment}")
        )
    return "\n".join(lines)


def _row(state: SecretState, now: datetime) -> tuple[str, ...]:
    held = (
        f", containers hold {state.running}"
        if state.status is SecretStatus.STAGED and state.running is not None
        else ""
    )
    version = "" if state.version is None else f"{state.version}{held}"
    return (state.name, status_text(state.status), version, ago(_when(state), now), person(state.by))


def _listed(state: SecretState) -> SecretDocument:
    return SecretDocument(
        name=state.name,
        status=state.status,
        state=status_text(state.status),
        version=state.version,
        running=state.running,
        changed=_when(state) or None,
        by=state.by or None,
    )


def _when(state: SecretState) -> str:
    return datetime.fromtimestamp(state.changed, UTC).isoformat(timespec="seconds") if state.changed else ""
