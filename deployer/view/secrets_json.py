"""The secrets of an environment as JSON for programs. No value is in it."""

from __future__ import annotations

from deployer import names
from deployer.core.secret_import import ImportedVariable
from deployer.core.secret_state import SecretState
from deployer.view.documents.secrets import ImportDocument, SecretDocument
from deployer.view.secrets_text import changed_at, import_text, status_text


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


def import_document(imported: ImportedVariable, environment: str, manifest: str) -> ImportDocument:
    """The outcome of an import for a variable."""
    return ImportDocument(
        variable=names.variable(imported.name),
        status=imported.status,
        did=import_text(imported, environment, manifest),
        version=imported.version,
        credential=imported.credential or None,
    )
