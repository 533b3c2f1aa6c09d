"""`deployer export ENV`: print the variables of an environment for other tools. Secrets are written to a file only."""

from __future__ import annotations

import os
from pathlib import Path

from msgspec import Struct

from deployer import names
from deployer.aws import ssm
from deployer.ci.legacy import sections
from deployer.core.secret import SecretValue
from deployer.environment.open import open_session
from deployer.errors import Blocked, UsageError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.model import LiteralVariable, SecretVariable
from deployer.project import manifest_path
from deployer.view.env_text import FORMATS


class ExportOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `form` one of the formats. `secrets` are written to `out` only."""

    environment: str
    form: str = "dotenv"
    secrets: bool = False
    out: Path | None = None


class ExportedFile(Struct, frozen=True):
    """A file that holds all variables, and how many of them are secrets."""

    path: Path
    variables: int
    secrets: int


def export_variables(options: ExportOptions) -> str | ExportedFile:
    """The literals and the names of the secrets as text, or the file that holds all, with the secrets of SSM.

    Raises UsageError for options that contradict each other, and Blocked if a secret is missing.
    """
    if options.secrets != (options.out is not None):
        wrong = "secrets are written to a file only" if options.secrets else "--out belongs to --secrets"
        raise UsageError(wrong, fix="give both --secrets and --out FILE, or neither")
    loaded = load_manifest(manifest_path(options.environment))
    if options.out is not None:
        return _write_all(loaded, options.form, options.out)
    variables = loaded.manifest.variables
    literals = {names.variable(name): one.text for name, one in variables.items() if isinstance(one, LiteralVariable)}
    if options.form == "github":
        return sections(loaded.manifest)
    secrets = [names.variable(name) for name, one in variables.items() if isinstance(one, SecretVariable)]
    return FORMATS[options.form](literals, secrets)


def _write_all(loaded: LoadedManifest, form: str, out: Path) -> ExportedFile:
    """Write all variables, with the secrets of SSM, into a file that only its owner may read."""
    if form == "github":
        raise UsageError("the sections for GitHub hold no secret", fix="leave out --secrets, or choose dotenv or json")
    if form == "github-env":
        raise UsageError(
            "variables for GITHUB_ENV hold no secret",
            why="GitHub shows the environment of a job in its log",
            fix=f"just ci github-sync {loaded.manifest.environment} gives jobs the secrets, which GitHub then hides",
        )
    aws = loaded.manifest.aws
    session, _ = open_session(loaded)
    paths = {name: names.join(aws.parameter_path, name) for name in loaded.manifest.variables}
    secret = [paths[name] for name, one in loaded.manifest.variables.items() if isinstance(one, SecretVariable)]
    secrets: dict[str, SecretValue] = {}
    for batch in ssm.batches(secret):
        secrets |= ssm.reveal(session.ssm, batch)
    if missing := [path for path in secret if path not in secrets]:
        raise Blocked(
            f"{', '.join(missing)}: not in SSM; nothing was written",
            fix=f"just secret list {loaded.manifest.environment}",
        )
    values = {
        names.variable(name): one.text if isinstance(one, LiteralVariable) else secrets[paths[name]].reveal()
        for name, one in loaded.manifest.variables.items()
    }
    _write_private(out, FORMATS[form](values, ()) + "\n")
    return ExportedFile(out, len(values), len(secret))


def _write_private(out: Path, text: str) -> None:
    """Write a file that no other user can read at any time, and that is never a link."""
    try:
        descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            os.fchmod(descriptor, 0o600)
            file.truncate(0)
            left = memoryview(text.encode())
            try:
                while left:  # a disk that is nearly full accepts only a part
                    left = left[file.write(left) :]
            except OSError:
                file.truncate(0)
                raise
    except OSError as error:
        raise UsageError(f"{out} cannot be written", why=error.strerror or "", fix="name another file") from None
