"""Pause, resume or restart a service under the lock: wait for the operation, then probe the expected release."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import assert_never

from deployer.aws import lock
from deployer.core.observed import Observed
from deployer.core.restart import consent_id
from deployer.errors import DeployerError, Interrupted, LockLost, Refused, StateUnknown
from deployer.partial import halted
from deployer.resources.service.pause import tag_after
from deployer.run import resume, turn
from deployer.run.follow import Follower
from deployer.run.look import Run
from deployer.run.turn import Verb
from deployer.targets.base import RunningOperation, pausing
from deployer.view.target_text import cancelled


def change_state(run: Run, verb: Verb, agreed: str, refuse: Callable[[Observed], None]) -> None:
    """Carry out one verb. `agreed` is the consented id; `refuse` raises when the state forbids the verb.

    Raises Refused when the service has changed since the consent, DeploymentFailed for a restart that the target rolled
    back, and StateUnknown when the operation failed or the service does not answer after it.
    """
    with lock.hold(run.session, run.desired.ledger, who=run.who, verb=verb, warn=run.report.warn) as held:
        follower = Follower.of(run)
        resume.settle(held, run.session, run.desired, run.target, follower)
        observed = run.observe()
        refuse(observed)
        service = observed.service
        if service is None or consent_id(verb, service) != agreed:
            raise Refused(
                "the service has changed since this was agreed to; nothing was changed",
                fix=f"just status {run.desired.environment}, then run again",
            )
        begin, done = time.time(), "nothing"
        try:
            started = _start(run, verb, service.arn)
            done = "started"
            if started is not None:
                turn.finish(run, verb, follower, started, begin)
            done = "ended"
            if verb != "pause":
                turn.prove(run, verb, service)
            if tag := tag_after(service, paused=verb == "pause", declared=run.desired.paused):
                run.target.tag(service.arn, tag)
        except KeyboardInterrupt:
            raise _interrupted(run, verb, ended=done == "ended") from None
        except Exception as error:
            failure = halted(error, done=done != "nothing")
            if failure is None or isinstance(error, LockLost):
                raise
            raise _unknown(run, verb, failure, ended=done == "ended") from error


def _start(run: Run, verb: Verb, arn: str) -> RunningOperation | None:
    """Start the operation; None when the service is already in that state."""
    run.report.step("service", f"{verb} {run.desired.service_name}")
    match verb:
        case "pause":
            return pausing(run.target).pause(arn)
        case "resume":
            return pausing(run.target).resume(arn)
        case "restart":
            return run.target.restart(arn)
        case _:
            assert_never(verb)


def _unknown(run: Run, verb: Verb, error: DeployerError, *, ended: bool) -> StateUnknown:
    """The error after an operation that has ended or may be under way."""
    if ended:
        fix = f"see what runs: just status {run.desired.environment}"
        return StateUnknown(f"{error.what}; the {verb} itself has succeeded", why=error.why, fix=fix)
    fix = f"see how it ends: just status {run.desired.environment} --follow"
    return StateUnknown(f"{error.what}; the {verb} may be under way", why=error.why, fix=fix)


def _interrupted(run: Run, verb: Verb, *, ended: bool) -> Interrupted:
    if ended:
        return Interrupted(
            f"interrupted after the {verb} had succeeded, before the service was seen to answer",
            fix=f"see whether it answers: just status {run.desired.environment}",
        )
    target = run.target.description
    return Interrupted(
        f"interrupted during the {verb}",
        why=f"{target.title} continues an operation that was started{cancelled(target)}",
        fix=f"see how it ends: just status {run.desired.environment} --follow",
    )
