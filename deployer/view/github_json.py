"""The plans for GitHub's settings as JSON for programs."""

from __future__ import annotations

from deployer.resources.github_environment.blocker import Blocker
from deployer.resources.github_environment.plan import SyncPlan, fingerprint
from deployer.view.details import filled_fields
from deployer.view.documents.github_sync import GitHubChange, GitHubDocument, GitHubNote
from deployer.view.documents.problem import ProblemDocument
from deployer.view.github_text import blocker_text, notice_text, reason


def sync_documents(plans: tuple[SyncPlan, ...], *, written: bool) -> tuple[GitHubDocument, ...]:
    """A document for each environment; `written` means that the plans were applied."""
    return tuple(
        GitHubDocument(
            repository=made.repository,
            environment=made.environment,
            fingerprint=fingerprint(plans),
            written=written and bool(made.changes),
            changes=tuple(
                GitHubChange(c.kind, c.symbol, c.name, reason(c), c.value, c.line, filled_fields(c.cause))
                for c in made.changes
            ),
            left=tuple(
                GitHubNote(
                    f"{n.what} {n.name}",
                    notice_text(n, made.environment),
                    type(n).__name__,
                    filled_fields(n, {"kind"}),
                )
                for n in made.notices
            ),
            problems=tuple(_problem(blocker, made) for blocker in made.blockers),
            unchanged=made.unchanged,
        )
        for made in plans
    )


def _problem(blocker: Blocker, plan: SyncPlan) -> ProblemDocument:
    what, fix = blocker_text(blocker, plan)
    return ProblemDocument(what, fix, blocker.line, type(blocker).__name__, filled_fields(blocker, {"line"}))
