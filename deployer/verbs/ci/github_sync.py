"""`deployer ci github-sync ENV...`: set GitHub's environments, variables and secrets from the manifests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from msgspec import Struct

from deployer.environment import protection
from deployer.environment.consent import Consent
from deployer.environment.contract import refuse_contract_problems
from deployer.environment.github import (
    GitHubEnvironment,
    desired_github,
    open_github,
    reach_github,
    refuse_blocked_sync,
)
from deployer.environment.open import open_session
from deployer.errors import StateUnknown, UsageError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.partial import halted
from deployer.project import manifest_path
from deployer.resources.github_environment.apply import Writer, apply_sync
from deployer.resources.github_environment.plan import Change, SyncPlan, fingerprint
from deployer.resources.github_environment.state import ObservedGitHub
from deployer.view.progress import Reporter


class GitHubSyncOptions(Struct, frozen=True, kw_only=True):
    """`environments` are names or manifests' paths. With `check` nothing is written.

    `token_file` holds the token for GitHub, None for that of GITHUB_TOKEN.
    """

    environments: tuple[str, ...]
    check: bool = False
    token_file: Path | None = None


class SyncResult(Struct, frozen=True):
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


def sync_github(
    options: GitHubSyncOptions, report: Reporter, show: Callable[[tuple[SyncPlan, ...]], None], consent: Consent
) -> SyncResult:
    """Show the plans, and make each environment equal to its manifest when that is agreed to.

    Raises Blocked and Refused, having changed nothing, and UsageError for options that contradict each other.
    """
    if options.check and consent.approved:
        raise UsageError("--check changes nothing, so there is nothing to approve", fix="leave out one of the two")
    manifests = [load_manifest(manifest_path(name)) for name in options.environments]
    with _open_sides(manifests, options.token_file, report) as sides:
        compared = [(side, *side.compare()) for side in sides]
        plans = tuple(plan for _, plan, _ in compared)
        show(plans)
        if options.check or all(plan.empty for plan in plans):
            return SyncResult(plans, written=False)
        refuse_blocked_sync(plans)
        _refuse_unconfirmed(sides, plans, consent)
        _write(compared, report)
        return SyncResult(plans, written=True)


@contextmanager
def _open_sides(
    manifests: Sequence[LoadedManifest], token_file: Path | None, report: Reporter
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
            session, github = open_session(one)[0], open_github(where, every[0].repository, report)
            opened.enter_context(github)
            sides += (GitHubEnvironment(one, what, session, github) for what in every)
        yield sides


def _write(compared: Sequence[tuple[GitHubEnvironment, SyncPlan, ObservedGitHub]], report: Reporter) -> None:
    """Apply each plan. Raises StateUnknown, naming what was written, when it fails partway."""
    before: list[str] = []
    for side, made, observed in compared:
        writer = Writer(side.github, side.desired.environment, observed, side.reveal)
        try:
            apply_sync(writer, made, _progress_reporter(report, made), restricted=bool(side.desired.branches))
        except Exception as error:
            failure = halted(error, done=len(before))
            if failure is None:
                raise
            raise StateUnknown(
                f"{made.environment}: {failure.what}",
                why=f"written: all of {', '.join(before)}; nothing of {made.environment}",
                fix=f"{failure.fix}; then run again",
            ) from error
        if made.changes:
            before.append(made.environment)


def _progress_reporter(report: Reporter, made: SyncPlan) -> Callable[[Change], None]:
    def report_change(change: Change) -> None:
        report.step(made.environment, f"{change.symbol} {change.words}")

    return report_change


def _refuse_unconfirmed(sides: Sequence[GitHubEnvironment], plans: tuple[SyncPlan, ...], consent: Consent) -> None:
    """Raise Refused unless what `protect` of each changed manifest requires is satisfied."""
    mark = fingerprint(plans)
    protection.refuse_another(mark, consent)
    changed = {
        side.loaded.manifest.environment: side.loaded for side, made in zip(sides, plans, strict=True) if made.changes
    }
    for loaded in changed.values():
        protection.refuse_unfit_checkout(loaded)
    for environment, loaded in changed.items():
        if any(protect.confirm for protect in protection.protections(loaded)):
            protection.confirm(environment, mark, consent)
