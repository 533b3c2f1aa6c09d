"""Read the readiness of a running service, for the verbs that only show it."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.apps.app import ReadinessPage
from deployer.aws.session import Session
from deployer.core.diagnosis import Finding
from deployer.core.facts import Facts
from deployer.core.health import of_readiness
from deployer.core.readiness import Readiness, checks
from deployer.core.target import ServiceStatus
from deployer.environment.open import Environment
from deployer.environment.site import site_of
from deployer.manifest.load import Loaded
from deployer.project import PROJECT_FILE
from deployer.run.ready import read_ready
from deployer.run.turn import troubles
from deployer.targets.registry import open_target
from deployer.view.health_text import backlog, one_line, trouble_text


def unready(environment: Environment, facts: Facts) -> list[str]:
    """What keeps the running service from serving users, each with its fix."""
    service, run = facts.service, environment.run
    if service is None or service.status is not ServiceStatus.RUNNING or not service.url:
        return []
    found = troubles(run, run.site.public_url(service.url))
    return [one_line(trouble, run.desired.environment) for trouble in found]


def serving(session: Session, loaded: Loaded) -> Iterator[Finding]:
    """Whether the running service reports that users are served."""
    manifest, known = loaded.manifest, loaded.app.readiness
    if known is None:
        yield Finding("users", "unseen", f"{PROJECT_FILE} names no page where the service reports its readiness")
        return
    service = open_target(manifest.service.target, session).observe(manifest.service.name)[0]
    if service is None or service.status is not ServiceStatus.RUNNING:
        yield Finding("users", "note", f"not served: the service is {service.status if service else 'not there'}")
        return
    readiness = read_ready(site_of(loaded).public_url(service.url), known.path)
    if readiness is None:
        yield Finding("users", "unseen", f"the service does not report at {known.path} whether it can serve users")
        return
    yield from _judged(readiness, manifest.environment, known)


def _judged(readiness: Readiness, environment: str, known: ReadinessPage) -> Iterator[Finding]:
    for trouble in of_readiness(readiness, known):
        text = trouble_text(trouble, environment)
        yield Finding("users", "note" if trouble.serves else "problem", text.what, text.fix)
    if not any(not check.ok for check in checks(readiness, known)):
        said = backlog(readiness.waiting, readiness.given_up, readiness.oldest_seconds)
        yield Finding("users", "ok", f"can be served; messages: {said or 'not counted'}")
