"""`deployer secret show ENV NAME`: show one value to a person at a terminal who agreed to see it there."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from deployer.core.secret import SecretValue
from deployer.environment.open import open_session
from deployer.environment.secret_parameter import SecretParameter, secret_of
from deployer.errors import Refused, UsageError
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path


class ShowOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path, `name` that of a secret or its variable."""

    environment: str
    name: str


def reveal_secret(options: ShowOptions, ask: Callable[[str], str] | None) -> SecretValue:
    """Read the value after asking. `ask` is None without a terminal.

    Raises UsageError without a terminal or without a value, and Refused when the person declines.
    """
    loaded = load_manifest(manifest_path(options.environment))
    name, secret = secret_of(loaded, options.name)
    environment = loaded.manifest.environment
    if ask is None:
        raise UsageError(
            "a secret is shown at a terminal only; nothing was read",
            why="a pipe or a file would keep it where others can read it",
            fix=f"just export {environment} --secrets --out {environment}.env",
        )
    session, _ = open_session(loaded)
    parameter = SecretParameter(loaded, session, name, secret)
    path, stored = parameter.path, parameter.read()
    if stored is None:
        raise UsageError(f"{path} is not in SSM", fix=f"just secret set {environment} {name}")
    question = (
        f"{path} (version {stored.version}) will be readable on this screen, and in its history.\nShow it? [y/N] "
    )
    if ask(question).strip().lower() not in {"y", "yes"}:
        raise Refused(f"{name} was not shown", why="the answer was not yes", fix="run again, and answer y")
    revealed = parameter.reveal()
    if revealed is None:
        raise UsageError(f"{path} was deleted in the meantime", fix=f"just secret list {environment}")
    return revealed
