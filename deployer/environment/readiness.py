"""Read the readiness of a running service, for the verbs that only show it."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.apps.app import ReadinessPage
from deployer.aws.session import Session
from deployer.core.finding import Finding, NotReported, NotRunning, UsersServed, UserTrouble
from deployer.core.health import of_readiness
from deployer.core.observed import Observed
from deployer.core.readiness import Readiness, checks
from deployer.core.target import ServiceStatus
from deployer.environment.open import Environment
from deployer.environment.site import site_of
from deployer.manifest.load import LoadedManifest
from deployer.project import PROJECT_FILE
from deployer.run.ready import read_ready
from deployer.targets.registry import open_target


def read_readiness(environment: Environment, observed: Observed) -> Readiness | None:
    """The report of the running service; None while it does not run, or where it reports nothing."""
    service, run = observed.service, environment.run
    if service is None or service.status is not ServiceStatus.RUNNING or not service.url or run.app.readiness is None:
        return None
    return read_ready(run.site.public_url(service.url), run.app.readiness.path)


def serving(session: Session, loaded: LoadedManifest) -> Iterator[Finding]:
    """Whether the running service reports that users are served."""
    manifest, known = loaded.manifest, loaded.app.readiness
    if known is None:
        yield NotReported(path="", file=PROJECT_FILE)
        return
    service = open_target(manifest.service.target, session).observe(manifest.service.name)[0]
    if service is None or service.status is not ServiceStatus.RUNNING:
        yield NotRunning(status=service.status.value if service else "")
        return
    readiness = read_ready(site_of(loaded).public_url(service.url), known.path)
    if readiness is None:
        yield NotReported(path=known.path, file=PROJECT_FILE)
        return
    yield from _judged(readiness, known)


def _judged(readiness: Readiness, known: ReadinessPage) -> Iterator[Finding]:
    for trouble in of_readiness(readiness, known):
        yield UserTrouble(trouble=trouble)
    if not any(not check.ok for check in checks(readiness, known)):
        yield UsersServed(
            waiting=readiness.waiting, given_up=readiness.given_up, oldest_seconds=readiness.oldest_seconds
        )
