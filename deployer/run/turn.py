"""Wait for a pause, resume or restart, and probe the service that should answer after it."""

from __future__ import annotations

from typing import Literal

from deployer.core.health import of_readiness
from deployer.core.observed import ObservedService
from deployer.core.release import RELEASE_VARIABLE
from deployer.errors import DeploymentFailed, StateUnknown
from deployer.run.follow import Follower
from deployer.run.look import Run
from deployer.run.probe import probe_release, proof
from deployer.run.ready import read_ready
from deployer.targets.base import Progress, RunningOperation
from deployer.view.health_text import one_line

Verb = Literal["pause", "resume", "restart"]


def finish(run: Run, verb: Verb, follower: Follower, started: RunningOperation, begin: float) -> None:
    """Wait for the end of the operation. Raises DeploymentFailed or StateUnknown unless it succeeded.

    `begin` is its start, in seconds since 1970.
    """
    environment = run.desired.environment
    progress = follower.follow(started, begin)
    if progress is Progress.SUCCEEDED:
        return
    why = follower.cause(started, begin)
    if progress is Progress.ROLLED_BACK:
        fix = f"fix the cause, then: just {verb} {environment}"
        raise DeploymentFailed(f"the {verb} failed; the instances from before still serve", why=why, fix=fix)
    raise StateUnknown(f"the {verb} failed", why=why, fix=f"see what runs: just status {environment}")


def prove(run: Run, verb: Verb, service: ObservedService) -> None:
    """Raise StateUnknown unless the public URL reports the release that the service is configured with."""
    url, release = run.site.public_url(service.url), service.spec.environment.get(RELEASE_VARIABLE)
    if release is None:
        run.report.warn("the service names no release, because this deployer has not deployed it: it is not probed")
        return
    path = service.spec.settings.probe_path
    last_answer = probe_release(url, path, release, header=run.app.release_header, seconds=run.site.probe_seconds)
    if last_answer is not None:
        raise StateUnknown(
            f"the {verb} succeeded, but {url}{path} does not report release {release} (last seen: {last_answer})",
            fix=f"read the application's log: just logs {run.desired.environment}",
        )
    run.report.step("probe", f"GET {url}{proof(path, release, run.app.release_header)}")
    warn_unready(run, url)


def warn_unready(run: Run, url: str) -> None:
    """Warn about what keeps a release that answers from serving users; not where it has no page for that."""
    known = run.app.readiness
    readiness = read_ready(url, known.path) if known else None
    for trouble in of_readiness(readiness, known) if known and readiness else ():
        run.report.warn(one_line(trouble, run.desired.environment))
