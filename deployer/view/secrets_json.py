"""The secrets of an environment as JSON for programs. No value is in it."""

from __future__ import annotations

from deployer.core.secret_state import SecretState
from deployer.view.documents.secrets import SecretDocument
from deployer.view.secrets_text import changed_at, status_text


def secret_document(state: SecretState) -> SecretDocument:
    """The state of a secret."""
    return SecretDocument(
        name=state.name,
        status=state.status,
        state=status_text(state.status),
        version=state.version,
        running=state.running,
        changed=changed_at(state) or None,
        by=state.by or None,
    )
