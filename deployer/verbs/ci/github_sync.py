"""`deployer ci github-sync ENV...`: set GitHub's environments, variables and secrets from the manifests."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from msgspec import to_builtins

from deployer.environment import protection
from deployer.environment.consent import Consent
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.github import GitHubEnvironment, desired_github, open_github, reach_github
from deployer.environment.open import open_session
from deployer.errors import Blocked, StateUnknown, UsageError
from deployer.manifest.load import Loaded
from deployer.partial import halted
from deployer.resources.github_environment.apply import Writer, apply
from deployer.resources.github_environment.blocker import Blocker
from deployer.resources.github_environment.plan import Change, SyncPlan, fingerprint
from deployer.view.counts import to_fix
from deployer.view.details import details
from deployer.view.documents.github_sync import GitHubChange, GitHubDocument, GitHubNote
from deployer.view.documents.problem import ProblemDocument
from deployer.view.github_text import blocker_text, notice_text, reason
from deployer.view.progress import Reporter


@dataclass(frozen=True)
class Synced:
    """The plan for each environment, and whether it was written."""

    plans: tuple[SyncPlan, ...]
    written: bool

    @property
    def pending(self) -> bool:
        return not self.written and any(one.changes for one in self.plans)

    @property
    def unreviewed(self) -> bool:
        """Whether protect.confirm relies on reviewers whom GitHub does not ask."""
        return any(one.unreviewed for one in self.plans)


@contextmanager
def open_sides(
    manifests: Sequence[Loaded], token_file: Path | None, tell: Reporter
) -> Iterator[list[GitHubEnvironment]]:
    """Open every environment. Raises UsageError for a manifest without `github`, or when there is no token."""
    if len({one.manifest.environment for one in manifests}) < len(manifests):
        raise UsageError("an environment was named twice", fix="name each once")
    for one in manifests:
        refuse_contract_problems(one)
    asked = [(one, desired_github(one)) for one in manifests]
    reached = [(one, every, reach_github(one, token_file)) for one, every in asked]
    with ExitStack() as opened:
        sides: list[GitHubEnvironment] = []
        for one, every, where in reached:
            session, github = open_session(one)[0], open_github(where, every[0].repository, tell)
            opened.enter_context(github)
            sides += (GitHubEnvironment(one, what, session, github) for what in every)
        yield sides


def sync(
    sides: Sequence[GitHubEnvironment], report: Reporter, *, agree: Callable[[tuple[SyncPlan, ...]], None] | None
) -> Synced:
    """Make each environment equal to its manifest; without `agree` only plan.

    `agree` is shown all plans before the first write, and raises to stop it.
    """
    looked = [(side, *side.compare()) for side in sides]
    plans = tuple(made for _, made, _ in looked)
    if agree is None or all(made.empty for made in plans):
        return Synced(plans, written=False)
    agree(plans)
    before: list[str] = []
    for side, made, facts in looked:
        writer = Writer(side.github, side.desired.environment, facts, side.reveal)
        try:
            apply(writer, made, _teller(report, made), restricted=bool(side.desired.branches))
        except Exception as error:
            told = halted(error, done=len(before))
            if told is None:
                raise
            raise StateUnknown(
                f"{made.environment}: {told.what}",
                why=f"written: all of {', '.join(before)}; nothing of {made.environment}",
                fix=f"{told.fix}; then run again",
            ) from error
        if made.changes:
            before.append(made.environment)
    return Synced(plans, written=True)


def _teller(report: Reporter, made: SyncPlan) -> Callable[[Change], None]:
    def tell(change: Change) -> None:
        report.step(made.environment, f"{change.symbol} {change.words}")

    return tell


def refuse_blocked(plans: Sequence[SyncPlan]) -> None:
    """Raise Blocked, after the plans were shown, when something must be fixed first."""
    if texts := [blocker_text(blocker, made) for made in plans for blocker in made.blockers]:
        fixes = "; ".join(dict.fromkeys(fix for _, fix in texts))
        raise Blocked(f"{to_fix(len(texts))}; nothing was changed", fix=fixes)


def consent(sides: Sequence[GitHubEnvironment], plans: tuple[SyncPlan, ...], agreed: Consent) -> None:
    """Ask for what `protect` of each changed manifest requires. Raises Refused."""
    mark = fingerprint(plans)
    protection.refuse_another(mark, agreed)
    changed = {
        side.loaded.manifest.environment: side.loaded for side, made in zip(sides, plans, strict=True) if made.changes
    }
    for loaded in changed.values():
        protection.refuse_unfit_checkout(loaded)
    for environment, loaded in changed.items():
        if any(protect.confirm for protect in protection.protections(loaded)):
            protection.confirm(environment, mark, agreed)


def document(synced: Synced) -> tuple[GitHubDocument, ...]:
    return tuple(
        GitHubDocument(
            repository=made.repository,
            environment=made.environment,
            fingerprint=fingerprint(synced.plans),
            written=synced.written and bool(made.changes),
            changes=tuple(
                GitHubChange(c.kind, c.symbol, c.name, reason(c), c.value, c.line, details(c.cause))
                for c in made.changes
            ),
            left=tuple(
                GitHubNote(f"{n.what} {n.name}", notice_text(n, made.environment), type(n).__name__)
                for n in made.notices
            ),
            problems=tuple(_problem(blocker, made) for blocker in made.blockers),
            unchanged=made.unchanged,
        )
        for made in synced.plans
    )


def _problem(blocker: Blocker, plan: SyncPlan) -> ProblemDocument:
    what, fix = blocker_text(blocker, plan)
    return ProblemDocument(what, fix, blocker.line, type(blocker).__name__, details(blocker, {"line"}))


def as_json(synced: Synced) -> str:
    return json.dumps([to_builtins(one) for one in document(synced)], indent=2, ensure_ascii=False)
