"""The pause of a service: declared by the manifest or chosen by an operator, and what a plan may do about it.

App Runner deploys nothing to a paused service, and a resume starts the release that ran last (App Runner developer
guide, "Pausing and resuming a service"). So nothing here lets an old release start while another one waits.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from deployer.core.change import PauseService, ResumeService
from deployer.core.desired import Desired
from deployer.core.facts import Facts, ServiceFact
from deployer.core.part import Blocker
from deployer.core.reasons import CHANGED
from deployer.core.release import RELEASE_VARIABLE

PAUSED: Final = "PAUSED"
TAG: Final = "paused"  # of the service: BY_MANIFEST from the pause by a reconcile to the next start
BY_MANIFEST: Final = "manifest"
BY_NOBODY: Final = "no"


class Pausing(Struct, frozen=True):
    """What a plan does about the pause of the service: at most one of these.

    `pause` comes after every other change, `resume` before what is proven on the running service. `blocker` refuses the
    plan. `postponed` tells why the whole plan waits, "" when it does not.
    """

    pause: PauseService | None = None
    resume: ResumeService | None = None
    blocker: Blocker | None = None
    postponed: str = ""


def plan_pause(desired: Desired, facts: Facts, *, deploys: bool, releases: bool) -> Pausing:
    """`deploys` says whether a deployment waits, `releases` whether one or the record of one does.

    A reconcile pauses what the manifest declares paused, and resumes only what a reconcile has paused: a service that
    an operator has paused is started by an operator. A rollback does neither.
    """
    live = facts.service
    stopped = live is not None and live.status == PAUSED
    if desired.rollback_to is not None:
        return Pausing(blocker=_refuses_rollback(desired)) if stopped else Pausing()
    if desired.paused:
        if not stopped:
            return Pausing(pause=_pause(desired, live))
        return Pausing(postponed=_postponed(desired) if releases else "")
    if live is None or not stopped:
        return Pausing()
    if by_manifest(live) and not deploys:
        return Pausing(resume=_resume(desired, live))
    return Pausing(blocker=_refuses(desired, deploys=deploys))


def by_manifest(live: ServiceFact) -> bool:
    """Whether a reconcile has paused the service, and nothing has recorded its start since."""
    return live.tags.get(TAG) == BY_MANIFEST


def stale_tag(desired: Desired, live: ServiceFact) -> dict[str, str]:
    """The tag to write on a service that runs although its tag still says that a reconcile has paused it."""
    runs = live.status == "RUNNING" and not desired.paused
    return {TAG: BY_NOBODY} if runs and by_manifest(live) else {}


def tag_after(live: ServiceFact, *, paused: bool, declared: bool) -> dict[str, str]:
    """The tag to write after an operator has paused or started the service; empty when it is right already.

    `declared` says whether the manifest declares the service paused.
    """
    wanted = BY_MANIFEST if paused and declared else BY_NOBODY
    return {} if live.tags.get(TAG, BY_NOBODY) == wanted else {TAG: wanted}


def _pause(desired: Desired, live: ServiceFact | None) -> PauseService:
    reason = CHANGED if live is not None and by_manifest(live) else "edit"
    arn = live.arn if live else None
    return PauseService(desired.service_name, arn, symbol="~", reason=reason, line=desired.lines["paused"])


def _resume(desired: Desired, live: ServiceFact) -> ResumeService:
    release = live.spec.environment.get(RELEASE_VARIABLE, "")
    line = desired.lines["paused"]
    return ResumeService(desired.service_name, live.arn, release, symbol="~", reason="edit", line=line)


def _postponed(desired: Desired) -> str:
    return (
        f"service {desired.service_name} is paused, as {manifest(desired)} declares (service.paused), and App Runner"
        " deploys nothing to a paused service"
    )


def _refuses_rollback(desired: Desired) -> Blocker:
    name, line = desired.environment, desired.lines["service"]
    start = f"start it with the release it ran last, then roll back: just resume {name} --old-release-first"
    what = f"service {desired.service_name} is paused, and App Runner deploys nothing to a paused service"
    if desired.paused:
        start = f"remove `paused: true` from {manifest(desired)}; {start}"
    return Blocker(what, start, line)


def _refuses(desired: Desired, *, deploys: bool) -> Blocker:
    """The refusal where an operator has paused the service, or where a resume would start an older release."""
    what, resume = f"service {desired.service_name} is paused", f"just resume {desired.environment}"
    declare = f"or declare it in {manifest(desired)}: `paused: true` below service"
    if not deploys:
        return Blocker(what, f"start it again: {resume}; {declare}", desired.lines["service"])
    return Blocker(
        f"{what}, and App Runner deploys nothing to a paused service",
        f"start it with the release it ran last, then deploy this plan: {resume} --old-release-first;"
        f" or revert what waits, then: {resume}; {declare}, and this plan waits",
        desired.lines["service"],
    )


def manifest(desired: Desired) -> str:
    """The path of the environment's manifest, as users name it."""
    return f"env/{desired.environment}.yaml"
