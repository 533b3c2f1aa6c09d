"""The start command of a service that exists, as far as a manifest can hold it."""

from __future__ import annotations

import shlex

from deployer.core.adoption.reason import CommandFault
from deployer.manifest.credentials import credential_in
from deployer.manifest.unseen import find_unseen


def fault_of_command(command: str, longest: int) -> CommandFault | None:
    """Why no manifest can hold this start command of at most `longest` characters, None when one can."""
    if credential_in(command):
        return "credential"
    if len(command) > longest or not {*command}.isdisjoint("\r\n") or find_unseen(command):
        return "not-one-line"
    try:
        shlex.split(command)
    except ValueError:
        return "not-words"
    return None
