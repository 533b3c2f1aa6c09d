"""`deployer pause ENV`: stop every instance of a service until it is resumed."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.observed import Observed
from deployer.core.restart import consent_id
from deployer.core.target import ServiceStatus
from deployer.environment.consent import Consent
from deployer.environment.open import Environment, open_environment
from deployer.environment.service_state import (
    existing_service,
    refuse_held,
    refuse_other_status,
    refuse_unconfirmed,
    settled_state,
    state_document,
)
from deployer.errors import Blocked
from deployer.run.service_state import change_state
from deployer.view.documents.service_state import ServiceStateDocument
from deployer.view.progress import Reporter


class PauseOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def pause_service(options: PauseOptions, report: Reporter, consent: Consent) -> ServiceStateDocument:
    """Stop every instance. A paused service is left as it is. Raises Refused and Blocked, having changed nothing."""
    environment = open_environment(options.environment, report, start=False)

    def refuse(observed: Observed) -> None:
        refuse_held(environment, observed)
        refuse_other_status(environment, observed, ServiceStatus.RUNNING)

    _refuse_unable(environment)
    observed = settled_state(environment)
    if observed.service is not None and observed.service.status is ServiceStatus.PAUSED:
        return state_document(environment, observed, "nothing")
    refuse(observed)
    agreed = consent_id("pause", existing_service(observed))
    refuse_unconfirmed(environment, agreed, consent)
    change_state(environment.run, "pause", agreed, refuse)
    return state_document(environment, observed, "paused")


def _refuse_unable(environment: Environment) -> None:
    """Raise Blocked for a target that cannot pause a service."""
    name, target = environment.desired.environment, environment.desired.target
    if not target.capabilities.pause:
        raise Blocked(
            f"{target.title} cannot pause a service; nothing was changed",
            why="its instances run until the service is deleted",
            fix=f"delete the environment, if nobody needs it: just destroy {name}",
        )
