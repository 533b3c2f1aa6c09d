"""Pause, resume or restart a service under the lock: wait for the operation, then probe what should answer."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Literal

from botocore.exceptions import BotoCoreError, ClientError

from deployer.aws import lock
from deployer.aws.errors import explain, is_refusal
from deployer.core.facts import Facts, ServiceFact
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.restart import consent_id
from deployer.errors import DeploymentFailed, Interrupted, Refused, StateUnknown
from deployer.run import resume
from deployer.run.follow import Follower
from deployer.run.look import Run
from deployer.run.probe import probe, public_url
from deployer.run.reconcile import LOCAL_PROBE_SECONDS, PROBE_SECONDS, warn_unready
from deployer.targets.base import Progress, Started

Verb = Literal["pause", "resume", "restart"]


def change_state(run: Run, verb: Verb, agreed: str, refuse: Callable[[Facts], None]) -> None:
    """Carry out one verb. `agreed` is the id that was consented to, `refuse` raises when the state forbids the verb.

    Raises Refused when the service has changed since the consent, DeploymentFailed for a restart that App Runner took
    back, and StateUnknown when the operation failed or the service does not answer after it.
    """
    with lock.hold(run.session, run.desired.ledger, who=run.who, verb=verb, warn=run.report.warn) as held:
        follower = Follower.of(run)
        resume.settle(held, run.session, run.desired, run.target, follower)
        facts = run.observed()
        refuse(facts)
        service = facts.service
        if service is None or consent_id(verb, service) != agreed:
            raise Refused(
                "the service has changed since this was agreed to; nothing was changed",
                fix=f"just status {run.desired.environment}, then run again",
            )
        begin = time.time()
        started = _start(run, verb, service.arn)
        if started is not None:
            _follow(run, verb, follower, started, begin)
        if verb != "pause":
            _prove(run, verb, service)


def _start(run: Run, verb: Verb, arn: str) -> Started | None:
    """Start the operation; None when the service is in that state already."""
    start = {"pause": run.target.pause, "resume": run.target.resume, "restart": run.target.restart}[verb]
    run.report.step("service", f"{verb} {run.desired.service_name}")
    try:
        return start(arn)
    except (ClientError, BotoCoreError) as error:
        if is_refusal(error):
            raise
        raise _unknown(run, verb, explain(error).what) from None
    except KeyboardInterrupt:
        raise _interrupted(run, verb) from None


def _follow(run: Run, verb: Verb, follower: Follower, started: Started, begin: float) -> None:
    """Wait for the end of the operation. Raises unless it succeeded."""
    environment = run.desired.environment
    try:
        progress = follower.follow(started, begin)
    except KeyboardInterrupt:
        raise _interrupted(run, verb) from None
    except (ClientError, BotoCoreError) as error:
        raise _unknown(run, verb, explain(error).what) from None
    if progress is Progress.SUCCEEDED:
        return
    why = follower.cause(started, begin)
    if progress is Progress.ROLLED_BACK:
        fix = f"fix the cause, then: just {verb} {environment}"
        raise DeploymentFailed(f"the {verb} failed; the instances from before still serve", why=why, fix=fix)
    raise StateUnknown(f"the {verb} failed", why=why, fix=f"see what runs: just status {environment}")


def _prove(run: Run, verb: Verb, service: ServiceFact) -> None:
    """Raises StateUnknown unless the public URL reports the release that the service is configured with."""
    url, release = public_url(service.url, local=run.desired.local), service.spec.environment.get(RELEASE_VARIABLE)
    if release is None:
        run.report.warn("the service names no release, because this deployer has not deployed it: it is not probed")
        return
    path = service.spec.settings.health_check.address
    seconds = LOCAL_PROBE_SECONDS if run.desired.local else PROBE_SECONDS
    seen = probe(url, path, release, seconds=seconds)
    if seen is not None:
        raise StateUnknown(
            f"the {verb} succeeded, but {url}{path} does not report release {release} (last seen: {seen})",
            fix=f"read the application's log: just logs {run.desired.environment}",
        )
    run.report.step("probe", f"GET {url}{path} reports {release}")
    warn_unready(run, url)


def _unknown(run: Run, verb: Verb, what: str) -> StateUnknown:
    fix = f"see how it ends: just status {run.desired.environment} --follow"
    return StateUnknown(f"{what}; the {verb} may be under way", fix=fix)


def _interrupted(run: Run, verb: Verb) -> Interrupted:
    return Interrupted(
        f"interrupted during the {verb}",
        why="App Runner continues an operation that was started; it cannot be cancelled",
        fix=f"see how it ends: just status {run.desired.environment} --follow",
    )
