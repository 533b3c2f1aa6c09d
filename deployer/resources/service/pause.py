"""Plan the pause of a service, which the manifest declares or an operator chose.

A resume starts the release that ran last, and a target may deploy nothing to a paused service: its capability
`updates_while_paused`. So no plan starts an old release while another one waits.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from deployer.core.cause import Cause, CauseKind, State
from deployer.core.desired import Desired
from deployer.core.observed import Observed, ObservedService
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.target import ServiceStatus
from deployer.resources.service.blocker import ServicePaused
from deployer.resources.service.change import PauseService, ResumeService

TAG: Final = "paused"  # tag of the service: BY_MANIFEST from a reconcile's pause until the next start
BY_MANIFEST: Final = "manifest"
BY_NOBODY: Final = "no"


class Pausing(Struct, frozen=True):
    """What a plan does about the pause of the service: at most one of these.

    `pause` comes after every other change, `resume` before the checks of the running service. `blocker` refuses the
    plan. `postponed` means that the whole plan waits until the service runs again.
    """

    pause: PauseService | None = None
    resume: ResumeService | None = None
    blocker: ServicePaused | None = None
    postponed: bool = False


def plan_pause(desired: Desired, observed: Observed, release: str, *, deploys: bool, releases: bool) -> Pausing:
    """Plan the pause. `deploys` means that a deployment of `release` waits, `releases` that one or its record waits.

    A reconcile pauses what the manifest declares paused, and resumes only what a reconcile has paused: a service that
    an operator has paused is started by an operator. A rollback does neither.
    """
    live, reached = observed.service, desired.target.capabilities.updates_while_paused
    stopped = live is not None and live.status is ServiceStatus.PAUSED
    if desired.rollback_to is not None:
        waits = stopped and (desired.paused or not reached)
        return Pausing(blocker=_refuses(desired, deploys=True)) if waits else Pausing()
    if desired.paused:
        if not stopped:
            return Pausing(pause=_pause(desired, live))
        return Pausing(postponed=releases)
    if live is None or not stopped:
        return Pausing()
    if by_manifest(live) and (reached or not deploys):
        return Pausing(resume=_resume(desired, live, release if deploys else ""))
    return Pausing(blocker=_refuses(desired, deploys=deploys and not reached))


def by_manifest(live: ObservedService) -> bool:
    """Whether a reconcile has paused the service, and no start of it was recorded since."""
    return live.tags.get(TAG) == BY_MANIFEST


def stale_tag(desired: Desired, live: ObservedService) -> dict[str, str]:
    """The tag to write on a service that runs although its tag still shows that a reconcile paused it."""
    runs = live.status is ServiceStatus.RUNNING and not desired.paused
    return {TAG: BY_NOBODY} if runs and by_manifest(live) else {}


def tag_after(live: ObservedService, *, paused: bool, declared: bool) -> dict[str, str]:
    """The tag to write after an operator has paused or started the service; empty when it is already right.

    `declared` means that the manifest declares the service paused.
    """
    tag = BY_MANIFEST if paused and declared else BY_NOBODY
    return {} if live.tags.get(TAG, BY_NOBODY) == tag else {TAG: tag}


def _pause(desired: Desired, live: ObservedService | None) -> PauseService:
    name, arn = desired.service_name, live.arn if live else None
    if live is not None and by_manifest(live):
        paused, running = State(value="paused"), State(value="running")
        cause = Cause(kind=CauseKind.DRIFT, subject="service", name=name, recorded=paused, live=running)
    else:
        cause = Cause(kind=CauseKind.EDIT)
    return PauseService(name, arn, symbol="~", causes=(cause,), line=desired.lines["paused"])


def _resume(desired: Desired, live: ObservedService, deployed: str) -> ResumeService:
    """`deployed` is the release that a deployment of the same plan brings; "" where there is none."""
    release = deployed or live.spec.environment.get(RELEASE_VARIABLE, "")
    line, causes = desired.lines["paused"], (Cause(kind=CauseKind.EDIT),)
    return ResumeService(desired.service_name, live.arn, release, symbol="~", causes=causes, line=line)


def _refuses(desired: Desired, *, deploys: bool) -> ServicePaused:
    """The blocker when an operator has paused the service, or when a resume would start an older release."""
    return ServicePaused(desired.service_name, declared=desired.paused, deploys=deploys, line=desired.lines["service"])
