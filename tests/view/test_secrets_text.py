"""The status of a secret, as a person reads it."""

from __future__ import annotations

from deployer.core.secret_state import SecretStatus
from deployer.view.secrets_text import status_text


def test_every_status_has_a_text() -> None:
    assert {status.value: status_text(status) for status in SecretStatus} == {
        "missing": "missing",
        "readable": "a plain String",
        "undeployed": "not deployed yet",
        "running": "running",
        "staged": "staged",
    }
