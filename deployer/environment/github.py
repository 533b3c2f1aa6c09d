"""The GitHub environments of a manifest: read both sides, plan them, and ask GitHub for required reviewers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.observed import ObservedParameter
from deployer.core.secret import SecretValue
from deployer.errors import Blocked
from deployer.github.api import GitHub
from deployer.github.reach import Reach, open_reach
from deployer.manifest.load import LoadedManifest
from deployer.resources.github_environment.desired import DesiredGitHub, environments
from deployer.resources.github_environment.observed import observe, reviewed
from deployer.resources.github_environment.plan import SyncPlan, plan_sync
from deployer.resources.github_environment.state import ObservedGitHub
from deployer.view.counts import to_fix
from deployer.view.github_text import blocker_text
from deployer.view.progress import Reporter
from deployer.world_keys import keys_beside


class GitHubEnvironment(Struct, frozen=True):
    """One environment of GitHub with both sides open: SSM, which has the values, and GitHub, which gets them."""

    loaded: LoadedManifest
    desired: DesiredGitHub
    session: Session
    github: GitHub

    def compare(self) -> tuple[SyncPlan, ObservedGitHub]:
        """Read both sides and make the plan."""
        observed = observe(self.github, self.desired.environment)
        return plan_sync(self.desired, observed, self._parameters()), observed

    def _parameters(self) -> dict[str, ObservedParameter]:
        """Existence, type and version as SSM has them now; times from a list of parameters, which may lag behind."""
        if not self.desired.secrets:
            return {}
        described = ssm.describe(self.session.ssm, self.loaded.manifest.aws.parameter_path)
        read: dict[str, ObservedParameter] = {}
        for batch in ssm.batches(list(self.desired.secrets.values())):
            read |= ssm.read(self.session.ssm, batch)
        return {path: one for path, one in ssm.together(described, read, set()).items() if path in read}

    def reveal(self, name: str) -> SecretValue:
        """The value, read just before it is sent. Raises Blocked when it was deleted since the plan was made."""
        path = self.desired.secrets[name]
        value = ssm.reveal(self.session.ssm, [path]).get(path)
        if value is None:
            raise Blocked(f"{path} is no longer in SSM", fix=f"just secret set {self.desired.environment} NAME")
        return value


def desired_github(loaded: LoadedManifest) -> tuple[DesiredGitHub, ...]:
    """What the manifest desires of GitHub. Raises UsageError for a manifest without `github`."""

    def line(name: str) -> str:
        return f"{loaded.path}:{loaded.where('variables', name).line}"

    return environments(loaded.manifest, line)


def reach_github(loaded: LoadedManifest, token_file: Path | None = None) -> Reach:
    """The address of the manifest's GitHub, and a token for it. Raises UsageError when there is no token."""
    return open_reach(loaded.manifest.aws.endpoint, token_file, keys_beside(loaded.path))


def open_github(where: Reach, repository: str, report: Reporter) -> GitHub:
    """A client of GitHub's API, to be closed by the caller."""
    return GitHub(where.address, where.token, repository, report.note)


def asks_reviewers(loaded: LoadedManifest, report: Reporter) -> bool:
    """Whether the GitHub environment of a manifest has required reviewers.

    Raises UsageError for a manifest without `github`, and DeployerError where GitHub cannot be read.
    """
    repository = desired_github(loaded)[0].repository
    with open_github(reach_github(loaded), repository, report) as github:
        github.about()  # raises where the token cannot read the repository: then an absent environment proves nothing
        return reviewed(github, loaded.manifest.environment)


def refuse_blocked_sync(plans: Sequence[SyncPlan]) -> None:
    """Raise Blocked, after the plans were shown, when something must be fixed first."""
    if texts := [blocker_text(blocker, made) for made in plans for blocker in made.blockers]:
        fixes = "; ".join(dict.fromkeys(fix for _, fix in texts))
        raise Blocked(f"{to_fix(len(texts))}; nothing was changed", fix=fixes)
