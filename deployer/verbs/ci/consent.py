"""`deployer ci consent ENV`: check whether GitHub asks a reviewer before a job of the environment runs."""

from __future__ import annotations

from deployer.core.github.plan import UNREVIEWED
from deployer.errors import Refused
from deployer.github import reach
from deployer.github.settings import reviewed
from deployer.manifest.load import Loaded
from deployer.verbs.ci import github_sync
from deployer.view.progress import Reporter
from deployer.world_keys import keys_beside


def asks_reviewers(loaded: Loaded, report: Reporter) -> bool:
    """Whether the GitHub environment of a manifest has required reviewers.

    Raises UsageError for a manifest without `github`, and DeployerError where GitHub cannot be read.
    """
    repository = github_sync.wanted_of(loaded)[0].repository
    where = reach.reach(loaded.manifest.aws.endpoint, None, keys_beside(loaded.path))
    with github_sync.client(where, repository, report) as github:
        github.about()  # raises where the token cannot read the repository: then an absent environment proves nothing
        return reviewed(github, loaded.manifest.environment)


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
