"""`deployer restart ENV`: replace every instance of a service by a new one of the same release."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.observed import Observed
from deployer.core.restart import consent_id, running_release, staged
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
from deployer.errors import Refused
from deployer.run.running_image import missing_image
from deployer.run.service_state import change_state
from deployer.view.documents.service_state import ServiceStateDocument
from deployer.view.progress import Reporter
from deployer.view.state_text import other_version


class RestartOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def restart_service(options: RestartOptions, report: Reporter, consent: Consent) -> ServiceStateDocument:
    """Replace every instance. Raises Refused, having changed nothing, when that would deploy anything else."""
    environment = open_environment(options.environment, report, start=False)

    def refuse(observed: Observed) -> None:
        refuse_held(environment, observed)
        refuse_other_status(environment, observed, ServiceStatus.RUNNING)
        _refuse_another_content(environment, observed)

    observed = settled_state(environment)
    refuse(observed)
    agreed = consent_id("restart", existing_service(observed))
    refuse_unconfirmed(environment, agreed, consent)
    change_state(environment.run, "restart", agreed, refuse)
    return state_document(environment, observed, "restarted")


def _refuse_another_content(environment: Environment, observed: Observed) -> None:
    """Raise Refused when new instances would not hold what the running release is recorded to hold."""
    name, entry = environment.desired.environment, running_release(observed)
    if entry is None:
        raise Refused(
            f"the release that {name} runs is not recorded, so a restart could change it; nothing was changed",
            fix=f"just reconcile {name}",
        )
    if waits := list(staged(entry, observed.parameters, environment.desired.parameter_path)):
        raise Refused(
            f"parameters have changed since release {entry.number}, and a restart would deploy them unrecorded;"
            " nothing was changed",
            why=", ".join(map(other_version, waits)),
            fix=f"deploy them as a release: just reconcile {name}",
        )
    if gone := missing_image(environment.session, observed):
        raise Refused(
            f"the image of release {entry.number} ({gone[:19]}) is gone from ECR; nothing was changed",
            fix=f"deploy an image that is there: just reconcile {name}",
        )
