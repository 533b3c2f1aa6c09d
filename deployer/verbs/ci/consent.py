"""`deployer ci consent ENV`: refuse where GitHub asks no reviewer before a job of the environment runs."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.github import asks_reviewers
from deployer.errors import Refused
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.view.github_text import UNREVIEWED
from deployer.view.progress import Reporter


class ConsentOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


class ReviewRequirement(Struct, frozen=True):
    """An environment, and whether it needs reviewers, whom GitHub asks then."""

    environment: str
    required: bool


def refuse_unreviewed(options: ConsentOptions, report: Reporter) -> ReviewRequirement:
    """Check the reviewers. Raises Refused where protect.confirm relies on reviewers whom GitHub does not ask."""
    loaded = load_manifest(manifest_path(options.environment))
    name = loaded.manifest.environment
    if not loaded.manifest.protect.confirm:
        return ReviewRequirement(name, required=False)
    if not asks_reviewers(loaded, report):
        raise Refused(
            f"this plan was not approved for {name}; nothing was changed",
            why=UNREVIEWED,
            fix=f"set required reviewers, or apply it at a terminal: just reconcile {name}",
        )
    return ReviewRequirement(name, required=True)
