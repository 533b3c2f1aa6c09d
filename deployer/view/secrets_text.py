"""The status of a secret as text."""

from __future__ import annotations

from typing import assert_never

from deployer.core.secret_state import SecretStatus


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
