"""What pause, resume and restart have in common: none of them deploys another release."""

from __future__ import annotations

from typing import Literal

from deployer.core.facts import Facts, ServiceFact
from deployer.core.release import RELEASE_VARIABLE
from deployer.core.restart import running_release
from deployer.core.target import ServiceStatus
from deployer.environment import protection
from deployer.environment.apply import settle
from deployer.environment.consent import Consent
from deployer.environment.holds import held
from deployer.environment.open import Environment
from deployer.errors import Refused
from deployer.view.documents.service_state import ServiceStateDocument


def settled_facts(environment: Environment) -> Facts:
    """The observed state, after what an earlier run or another user left under way has ended."""
    settle(environment)
    return environment.run.observed()


def existing_service(facts: Facts) -> ServiceFact:
    """The service of an environment that was not refused for having none."""
    assert facts.service is not None  # without a service the verb has already refused
    return facts.service


def refuse_held(environment: Environment, facts: Facts) -> None:
    """Raise Refused while the environment is held."""
    if facts.hold is not None:
        raise held(facts.hold, environment.desired.environment)


def refuse_other_status(environment: Environment, facts: Facts, status: ServiceStatus) -> None:
    """Raise Refused when the service has another status than this one."""
    name, service = environment.desired.environment, facts.service
    if service is None:
        raise Refused(f"{name} has no service; nothing was changed", fix=f"just reconcile {name}")
    if service.status is not status:
        fix = f"just resume {name}" if service.status is ServiceStatus.PAUSED else f"see why: just status {name}"
        raise Refused(f"the service of {name} is {service.status}, not {status}; nothing was changed", fix=fix)


def refuse_unconfirmed(environment: Environment, fingerprint: str, consent: Consent) -> None:
    """Raise Refused unless protect.confirm is satisfied. The checkout is not checked: none of it is deployed."""
    protection.refuse_another(fingerprint, consent)
    if any(protect.confirm for protect in protection.protections(environment.loaded)):
        protection.confirm(environment.desired.environment, fingerprint, consent)


def state_document(
    environment: Environment, facts: Facts, did: Literal["paused", "resumed", "restarted", "nothing"]
) -> ServiceStateDocument:
    """The outcome, from the state that was observed before."""
    entry, service = running_release(facts), existing_service(facts)
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
