"""`deployer secret list ENV`: list every secret, and whether containers hold its newest version. Never a value."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from deployer import names
from deployer.aws import ledger, ssm
from deployer.core.release import ledger_path
from deployer.core.secret_state import SecretState, secret_states
from deployer.environment.open import open_session
from deployer.environment.secret_parameter import secrets_of
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.targets.registry import RECORDED


class ListOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class ListedSecrets(Struct, frozen=True):
    """The states of a manifest's secrets, and the names of those that the deployer can generate."""

    environment: str
    manifest: Path
    states: tuple[SecretState, ...]
    generated: frozenset[str]


def list_secrets(options: ListOptions) -> ListedSecrets:
    """Compare the secrets of SSM with those of the last release."""
    loaded = load_manifest(manifest_path(options.environment))
    manifest, known = loaded.manifest, secrets_of(loaded)
    session, _ = open_session(loaded)
    paths = {name: names.join(manifest.aws.parameter_path, name) for name in known}
    parameters = ssm.describe(session.ssm, manifest.aws.parameter_path)
    releases = ledger.read(session.ssm, ledger_path(manifest.app, manifest.environment), RECORDED)
    return ListedSecrets(
        environment=manifest.environment,
        manifest=loaded.path,
        states=tuple(secret_states(paths, parameters, releases)),
        generated=frozenset(name for name, secret in known.items() if secret.generate),
    )
