"""`deployer secret show ENV NAME`: show one value to a person at a terminal who agreed to see it there."""

from __future__ import annotations

from collections.abc import Callable

from deployer.aws import ssm
from deployer.core.secret import SecretValue
from deployer.environment.open import open_session
from deployer.environment.secret_parameter import Place, secret_of
from deployer.errors import Refused, UsageError
from deployer.manifest.load import Loaded


def reveal(loaded: Loaded, name: str, ask: Callable[[str], str] | None) -> SecretValue:
    """Read the value after asking. `ask` is None without a terminal.

    Raises UsageError without a terminal or without a value, and Refused when the person declines.
    """
    name, secret = secret_of(loaded, name)
    environment = loaded.manifest.environment
    if ask is None:
        raise UsageError(
            "a secret is shown at a terminal only; nothing was read",
            why="a pipe or a file would keep it where others can read it",
            fix=f"just export {environment} --secrets --out {environment}.env",
        )
    session, _ = open_session(loaded)
    place = Place(loaded, session, name, secret)
    found = place.found()
    if found is None:
        raise UsageError(f"{place.path} is not in SSM", fix=f"just secret set {environment} {name}")
    question = (
        f"{place.path} (version {found.version}) will be readable on this screen, and in its history.\nShow it? [y/N] "
    )
    if ask(question).strip().lower() not in {"y", "yes"}:
        raise Refused(f"{name} was not shown", why="the answer was not yes", fix="run again, and answer y")
    revealed = ssm.reveal(session.ssm, [place.path]).get(place.path)
    if revealed is None:
        raise UsageError(f"{place.path} was deleted in the meantime", fix=f"just secret list {environment}")
    return revealed
