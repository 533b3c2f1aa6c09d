"""`deployer status ENV`: what runs, since when, whether it is well, and what waits."""

from __future__ import annotations

import json

from msgspec import to_builtins

from deployer.core.facts import Facts
from deployer.core.release import RELEASE_VARIABLE, last_healthy
from deployer.core.waiting import waiting
from deployer.errors import as_typed
from deployer.run import resume
from deployer.run.follow import Follower
from deployer.run.probe import probe, public_url
from deployer.targets.base import Operation, Progress, Started
from deployer.verbs.environment import Environment
from deployer.view.documents import Status
from deployer.view.hold_text import since
from deployer.view.times import minute

PROBE_SECONDS = 5.0


def status(environment: Environment) -> Status:
    """Look at everything, and change nothing."""
    run = environment.run
    planned = run.plan()
    service = planned.facts.service
    runs = service.spec.environment.get(RELEASE_VARIABLE) if service else None
    entry = next((entry for entry in reversed(planned.facts.releases) if entry.release.id == runs), None)
    url = public_url(service.url, local=run.desired.local) if service and service.url else None
    seen: str | None = "there is no address to ask"
    if service and url:
        seen = probe(url, service.spec.settings.health_check.address, runs or "", seconds=PROBE_SECONDS)
    lines = waiting(planned.plan)
    return Status(
        app=run.desired.app,
        environment=run.desired.environment,
        service=service.status if service else None,
        url=url,
        healthy=seen is None,
        answers=f"reports release {runs}" if seen is None else seen,
        release=runs,
        number=entry.number if entry else None,
        image=service.spec.image.rpartition("@")[2] if service else None,
        tag=entry.release.tag if entry else None,
        since=entry.release.when if entry else None,
        by=entry.release.who if entry else None,
        operation=_under_way(run.target.newest_operation(service.arn) if service else None),
        lock=_lock(planned.facts),
        hold=since(planned.facts.hold) if planned.facts.hold else None,
        staged=lines.staged,
        drift=lines.drift,
        edits=len(lines.edits),
        blocked=tuple(blocker.what for blocker in planned.plan.blockers),
    )


def follow(environment: Environment) -> bool:
    """Wait for the operation that runs, telling what happens; False when none does. Raises as a deployment would."""
    run = environment.run
    service = run.target.observe(run.desired.service_name)[0]
    operation = run.target.newest_operation(service.arn) if service else None
    if service is None or operation is None or operation.progress is not Progress.RUNNING:
        return False
    started = Started(service.arn, operation.id)
    run.report.step("attach", _under_way(operation) or "")
    follower = Follower.of(run)
    progress = follower.follow(started, operation.started)
    if progress is not Progress.SUCCEEDED:
        facts = run.observed()
        release = service.spec.environment.get(RELEASE_VARIABLE, "that is not named")
        raise resume.failure(
            progress, release, last_healthy(facts.releases), follower.cause(started, operation.started)
        )
    return True


def show(found: Status, *, as_json: bool) -> str:
    """A line for each thing there is to know, or JSON."""
    if as_json:
        return json.dumps(to_builtins(found), indent=2)
    number = f"{found.number} ({found.release})" if found.number else f"{found.release} (not recorded)"
    rows = [
        ("service", f"{found.service} at {found.url}" if found.service else "there is none"),
        ("health", ("well: " if found.healthy else "not well: ") + found.answers if found.service else ""),
        ("release", f"{number}, image {(found.image or '')[7:19]}" if found.release else "none runs"),
        ("since", f"{minute(found.since)} by {_person(found.by)}, commit {found.tag}" if found.since else ""),
        ("operation", f"{found.operation} (--follow waits for its end)" if found.operation else "none under way"),
        ("lock", found.lock or "free"),
        ("held", as_typed(f"{found.hold} (just resume {found.environment})") if found.hold else ""),
        ("staged", "; ".join(found.staged) or "nothing"),
        ("drift", "; ".join(found.drift) or "none"),
        ("edits", as_typed(f"{found.edits} to apply: just plan {found.environment}") if found.edits else "none"),
        ("blocked", "; ".join(found.blocked)),
    ]
    title = f"{found.app} / {found.environment}"
    return "\n".join([title, *(f"  {name.ljust(9)}  {text}" for name, text in rows if text)])


def _under_way(operation: Operation | None) -> str | None:
    if operation is None or operation.progress is not Progress.RUNNING:
        return None
    return f"{operation.kind} {operation.id} is under way"


def _lock(facts: Facts) -> str | None:
    lock = facts.lock
    if lock is None:
        return None
    return f"left behind by {lock.holder} ({lock.where})" if lock.over else f"held by {lock.holder} ({lock.where})"


def _person(arn: str | None) -> str:
    return (arn or "").rpartition("/")[2] or (arn or "").rpartition(":")[2]
