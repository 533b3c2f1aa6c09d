"""`deployer releases ENV`: list what was released, when, by whom, and which release is live."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from msgspec import to_builtins
from msgspec.structs import asdict

from deployer.aws import ledger
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease, ledger_path
from deployer.core.release_diff import compare_releases
from deployer.core.revision import recorded
from deployer.environment.open import open_identity
from deployer.manifest.identity import Identity
from deployer.targets.registry import RECORDED, open_target
from deployer.view import release_diff_text
from deployer.view.documents import ReleaseDocument, ReleasesDiffDocument
from deployer.view.releases_text import render


def releases(identity: Identity, *, as_json: bool, everything: bool) -> str:
    """The newest releases first, as text or JSON; with `everything` all that the ledger holds."""
    session, _ = open_identity(identity)
    found = ledger.read(session.ssm, ledger_path(identity.app, identity.environment), RECORDED)
    service = open_target(identity.target, session).observe(identity.service)[0]
    says = service.spec.environment.get(RELEASE_VARIABLE) if service else None
    live = next((entry.number for entry in reversed(found) if entry.release.id == says), None)
    if as_json:
        return json.dumps([_document(entry, live) for entry in reversed(found)], indent=2)
    return render(found, live, environment=identity.environment, everything=everything, now=datetime.now(UTC))


def compare(identity: Identity, before: str, after: str, *, as_json: bool) -> str:
    """What differs between two releases, each named by number or commit, as text or JSON."""
    session, _ = open_identity(identity)
    found = ledger.read(session.ssm, ledger_path(identity.app, identity.environment), RECORDED)
    one, other = (recorded(found, name, identity.environment) for name in (before, after))
    differences = compare_releases(one.release, other.release)
    document = ReleasesDiffDocument(identity.environment, one.number, other.number, differences)
    return json.dumps(to_builtins(document), indent=2) if as_json else release_diff_text.render(document)


def _document(entry: RecordedRelease, live: int | None) -> dict[str, object]:
    document = ReleaseDocument(**asdict(entry.release), number=entry.number, live=entry.number == live)
    return dict(to_builtins(document))
