"""`deployer ci consent ENV`: check whether GitHub asks a reviewer before a job of the environment runs."""

from __future__ import annotations

from deployer.environment.github import asks_reviewers
from deployer.errors import Refused
from deployer.manifest.load import Loaded
from deployer.view.github_text import UNREVIEWED
from deployer.view.progress import Reporter


def refuse_unreviewed(loaded: Loaded, report: Reporter) -> str:
    """Raise Refused where protect.confirm relies on reviewers whom GitHub does not ask; return the answer."""
    name = loaded.manifest.environment
    if not loaded.manifest.protect.confirm:
        return f"{name} needs no approval (protect.confirm)."
    if not asks_reviewers(loaded, report):
        raise Refused(
            f"this plan was not approved for {name}; nothing was changed",
            why=UNREVIEWED,
            fix=f"set required reviewers, or apply it at a terminal: just reconcile {name}",
        )
    return f"GitHub asks the reviewers of {name}."
