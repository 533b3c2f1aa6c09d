"""What pause, resume and restart have in common: none of them deploys another release."""

from __future__ import annotations

from typing import Literal

from deployer.core.observed import Observed, ObservedService
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


def settled_state(environment: Environment) -> Observed:
    """The observed state, after what an earlier run or another user left under way has ended."""
    settle(environment)
    return environment.run.observe()


def existing_service(observed: Observed) -> ObservedService:
    """The service of an environment that was not refused for having none."""
    assert observed.service is not None  # without a service the verb has already refused
    return observed.service


def refuse_held(environment: Environment, observed: Observed) -> None:
    """Raise Refused while the environment is held."""
    if observed.hold is not None:
        raise held(observed.hold, environment.desired.environment)


def refuse_other_status(environment: Environment, observed: Observed, status: ServiceStatus) -> None:
    """Raise Refused when the service has another status than this one."""
    name, service = environment.desired.environment, observed.service
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
    environment: Environment, observed: Observed, did: Literal["paused", "resumed", "restarted", "nothing"]
) -> ServiceStateDocument:
    """The outcome, from the state that was observed before."""
    entry, service = running_release(observed), existing_service(observed)
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
