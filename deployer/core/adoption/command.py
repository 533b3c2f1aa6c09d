"""The start command of a service that exists, as far as a manifest can hold it."""

from __future__ import annotations

import shlex

from deployer.manifest.credentials import credential_in
from deployer.manifest.unseen import unseen


def why_no_command(command: str, longest: int) -> str:
    """Why no manifest can hold this start command of at most `longest` characters, "" when one can."""
    if credential_in(command):
        return "holds what looks like a credential"
    if len(command) > longest or not {*command}.isdisjoint("\r\n") or unseen(command):
        return "is not one line of text"
    try:
        shlex.split(command)
    except ValueError:
        return "cannot be split into words"
    return ""
