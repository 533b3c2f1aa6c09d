"""The recorded releases as JSON for programs, newest first."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import asdict

from deployer.core.release import RecordedRelease
from deployer.view.documents.releases import ReleaseDocument


def release_documents(releases: Iterable[RecordedRelease], live: int | None) -> list[ReleaseDocument]:
    """A document for each; `live` is the number of the running release."""
    documents = [
        ReleaseDocument(**asdict(entry.release), number=entry.number, live=entry.number == live) for entry in releases
    ]
    return documents[::-1]
