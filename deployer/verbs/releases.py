"""`deployer releases ENV`: list what was released, when, by whom, and which release is live, or compare two."""

from __future__ import annotations

from msgspec import Struct

from deployer.aws import ledger
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease, ledger_path
from deployer.core.release_diff import compare_releases
from deployer.core.revision import recorded
from deployer.environment.open import open_identity
from deployer.environment.usable_manifest import read_usable_identity
from deployer.targets.registry import RECORDED, open_target
from deployer.view.documents.releases import ReleasesDiffDocument
from deployer.view.progress import Reporter


class ReleasesOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. `compared` are two releases to compare, by number or commit."""

    environment: str
    compared: tuple[str, str] | None = None


class Releases(Struct, frozen=True):
    """The recorded releases of an environment, oldest first, and the number of the one that its service runs."""

    environment: str
    entries: tuple[RecordedRelease, ...]
    live: int | None


def list_releases(options: ReleasesOptions, report: Reporter) -> Releases | ReleasesDiffDocument:
    """Read the ledger: all releases, or what differs between two. Raises UsageError for an unknown release."""
    identity = read_usable_identity(options.environment, report)
    session, _ = open_identity(identity)
    releases = ledger.read(session.ssm, ledger_path(identity.app, identity.environment), RECORDED)
    if options.compared:
        before, after = (recorded(releases, name, identity.environment) for name in options.compared)
        differences = compare_releases(before.release, after.release)
        return ReleasesDiffDocument(identity.environment, before.number, after.number, differences)
    service = open_target(identity.target, session).observe(identity.service)[0]
    runs = service.spec.environment.get(RELEASE_VARIABLE) if service else None
    live = next((entry.number for entry in reversed(releases) if entry.release.id == runs), None)
    return Releases(identity.environment, tuple(releases), live)
