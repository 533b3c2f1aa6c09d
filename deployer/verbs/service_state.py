"""`deployer pause ENV`, `resume ENV` of a paused service, and `restart ENV`: none deploys another release."""

from __future__ import annotations

from typing import Literal

from msgspec.structs import replace

from deployer.aws import hold as ledger_hold
from deployer.core.facts import Facts, ServiceFact
from deployer.core.hold import Hold
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.restart import consent_id, running_release, staged
from deployer.core.target import ServiceStatus
from deployer.environment import protection
from deployer.environment.apply import settle
from deployer.environment.consent import Consent
from deployer.environment.holds import held
from deployer.environment.open import Environment
from deployer.errors import Blocked, Refused
from deployer.run.running_image import missing_image
from deployer.run.service_state import change_state
from deployer.verbs.resume import agree_to_lift, lift
from deployer.view.blocker_text import blocker_text
from deployer.view.change_text import differences
from deployer.view.documents import ServiceStateDocument


def pause(environment: Environment, consent: Consent) -> ServiceStateDocument:
    """Stop every instance of the service."""

    def refuse(facts: Facts) -> None:
        _refuse_held(environment, facts)
        _refuse_unless(environment, facts, ServiceStatus.RUNNING)

    _refuse_unable(environment)
    facts = _settled(environment)
    if facts.service is not None and facts.service.status is ServiceStatus.PAUSED:
        return _turned(environment, facts, "nothing")
    refuse(facts)
    agreed = consent_id("pause", _service(facts))
    _agree(environment, agreed, consent)
    change_state(environment.run, "pause", agreed, refuse)
    return _turned(environment, facts, "paused")


def resume_paused(
    environment: Environment, consent: Consent, hold: Hold | None, *, old_release_first: bool
) -> ServiceStateDocument:
    """Lift the hold, if any, and start the paused service, unless the manifest declares it paused.

    Without `old_release_first` it is refused while a deployment waits: a target may deploy nothing to a paused service,
    so the release that it ran last would start first.
    """

    if environment.desired.paused:
        return _lift_only(environment, consent, hold)

    def refuse(facts: Facts) -> None:
        _refuse_unless(environment, facts, ServiceStatus.PAUSED)
        if not old_release_first:
            _refuse_waiting(environment, facts)

    facts = _settled(environment)
    refuse(facts)
    agreed = consent_id("resume", _service(facts))
    if hold is not None:
        agree_to_lift(environment.run.report, environment.desired.environment, hold, consent, starts=True)
        ledger_hold.lift(environment.session.ssm, environment.desired.ledger, hold)
    else:
        _agree(environment, agreed, consent)

    def refuse_again(now: Facts) -> None:
        _refuse_held(environment, now)
        refuse(now)

    change_state(environment.run, "resume", agreed, refuse_again)
    return replace(_turned(environment, facts, "resumed"), hold=hold.id if hold else None)


def _lift_only(environment: Environment, consent: Consent, hold: Hold | None) -> ServiceStateDocument:
    """Lift the hold of a service that stays paused. Raises Refused when there is no hold."""
    run, name = environment.run, environment.desired.environment
    if hold is None:
        raise Refused(
            f"env/{name}.yaml declares the service paused, so the next reconcile would pause it again;"
            " nothing was changed",
            fix=f"remove `paused: true` from env/{name}.yaml, then: just resume {name}",
        )
    service = run.target.observe(environment.desired.service_name)[0]
    lifted = lift(run.session, environment.desired.ledger, name, hold, run.report, consent, service)
    return replace(lifted, declared=True)


def restart(environment: Environment, consent: Consent) -> ServiceStateDocument:
    """Replace every instance by a new one of the same release."""

    def refuse(facts: Facts) -> None:
        _refuse_held(environment, facts)
        _refuse_unless(environment, facts, ServiceStatus.RUNNING)
        _refuse_another_content(environment, facts)

    facts = _settled(environment)
    refuse(facts)
    agreed = consent_id("restart", _service(facts))
    _agree(environment, agreed, consent)
    change_state(environment.run, "restart", agreed, refuse)
    return _turned(environment, facts, "restarted")


def _refuse_unable(environment: Environment) -> None:
    """Raise Blocked for a target that cannot pause a service."""
    name, target = environment.desired.environment, environment.desired.target
    if not target.capabilities.pause:
        raise Blocked(
            f"{target.title} cannot pause a service; nothing was changed",
            why="its instances run until the service is deleted",
            fix=f"delete the environment, if nobody needs it: just destroy {name}",
        )


def _settled(environment: Environment) -> Facts:
    """The observed state, after what an earlier run or another user left under way has ended."""
    settle(environment)
    return environment.run.observed()


def _service(facts: Facts) -> ServiceFact:
    assert facts.service is not None  # without a service the verb has already refused
    return facts.service


def _refuse_held(environment: Environment, facts: Facts) -> None:
    if facts.hold is not None:
        raise held(facts.hold, environment.desired.environment)


def _refuse_unless(environment: Environment, facts: Facts, status: ServiceStatus) -> None:
    """Raises Refused when the service has another status."""
    name, service = environment.desired.environment, facts.service
    if service is None:
        raise Refused(f"{name} has no service; nothing was changed", fix=f"just reconcile {name}")
    if service.status is not status:
        fix = f"just resume {name}" if service.status is ServiceStatus.PAUSED else f"see why: just status {name}"
        raise Refused(f"the service of {name} is {service.status}, not {status}; nothing was changed", fix=fix)


def _refuse_waiting(environment: Environment, facts: Facts) -> None:
    """Raises Refused for a paused service while a deployment waits: the old release would start first."""
    plan = environment.run.compare(facts, None).plan
    if plan.paused is not None and plan.paused.deploys and plan.deployment is not None:
        paused, waits = blocker_text(plan.paused, plan), differences(plan.deployment)
        raise Refused(f"{paused.what}; nothing was changed", why=f"it waits: {waits}", fix=paused.fix)


def _refuse_another_content(environment: Environment, facts: Facts) -> None:
    """Raise Refused when new instances would not hold what the running release is recorded to hold."""
    name, entry = environment.desired.environment, running_release(facts)
    if entry is None:
        raise Refused(
            f"the release that {name} runs is not recorded, so a restart could change it; nothing was changed",
            fix=f"just reconcile {name}",
        )
    if waits := list(staged(entry, facts.parameters, environment.desired.parameter_path)):
        raise Refused(
            f"parameters have changed since release {entry.number}, and a restart would deploy them unrecorded;"
            " nothing was changed",
            why=", ".join(waits),
            fix=f"deploy them as a release: just reconcile {name}",
        )
    if gone := missing_image(environment.session, facts):
        raise Refused(
            f"the image of release {entry.number} ({gone[:19]}) is gone from ECR; nothing was changed",
            fix=f"deploy an image that is there: just reconcile {name}",
        )


def _agree(environment: Environment, agreed: str, consent: Consent) -> None:
    """Raise Refused unless protect.confirm is satisfied. The checkout is not checked: none of it is deployed."""
    protection.refuse_another(agreed, consent)
    if any(protect.confirm for protect in protection.protections(environment.loaded)):
        protection.confirm(environment.desired.environment, agreed, consent)


def _turned(
    environment: Environment, facts: Facts, did: Literal["paused", "resumed", "restarted", "nothing"]
) -> ServiceStateDocument:
    """The outcome, from the state that was observed before."""
    entry, service = running_release(facts), _service(facts)
    started = did in {"resumed", "restarted"}
    return ServiceStateDocument(
        environment=environment.desired.environment,
        did=did,
        service=(ServiceStatus.RUNNING if started else ServiceStatus.PAUSED).value,
        declared=environment.desired.paused,
        release=service.spec.environment.get(RELEASE_VARIABLE),
        number=entry.number if entry else None,
        url=environment.run.site.public_url(service.url) if started else None,
    )
