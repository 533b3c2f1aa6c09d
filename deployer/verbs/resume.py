"""`deployer resume ENV`: lift a hold, after showing who placed it and why; a paused service starts again."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from deployer.aws import hold as ledger_hold
from deployer.core.hold import Hold
from deployer.core.observed import Observed
from deployer.core.release import ledger_path
from deployer.core.restart import consent_id
from deployer.core.target import ServiceStatus
from deployer.environment.consent import Consent
from deployer.environment.open import Environment, open_environment, open_identity
from deployer.environment.service_state import (
    existing_service,
    refuse_held,
    refuse_other_status,
    refuse_unconfirmed,
    settled_state,
    state_document,
)
from deployer.environment.usable_manifest import read_usable_identity
from deployer.errors import Refused
from deployer.run.service_state import change_state
from deployer.targets.registry import open_target
from deployer.view.blocker_text import render_blocker
from deployer.view.documents.service_state import ServiceStateDocument
from deployer.view.hold_text import since
from deployer.view.progress import Reporter
from deployer.view.resources.service import differences


class ResumeOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path.

    `old_release_first` starts a paused service although a deployment waits: a target may deploy nothing to a paused
    service, so the release that it ran last starts first.
    """

    environment: str
    old_release_first: bool = False


def resume_environment(options: ResumeOptions, report: Reporter, consent: Consent) -> ServiceStateDocument:
    """Lift the hold, if any, and start the service if it is paused, unless the manifest declares that.

    A valid manifest is needed only for a paused service. Raises Refused, having changed nothing.
    """
    identity = read_usable_identity(options.environment, report)
    session, _ = open_identity(identity)
    name, ledger = identity.environment, ledger_path(identity.app, identity.environment)
    hold = ledger_hold.read(session.ssm, ledger)
    service = open_target(identity.target, session).observe(identity.service)[0]
    status = service.status if service else None
    if status is ServiceStatus.PAUSED:
        environment = open_environment(options.environment, report, start=False)
        if environment.desired.paused:
            return _lift_only(environment, consent, hold)
        return _resume_paused(environment, consent, hold, old_release_first=options.old_release_first)
    if hold is None:
        if status is ServiceStatus.BUSY:
            raise Refused(
                f"{name} is not held, and an operation of its service is under way; nothing was changed",
                fix=f"wait for its end: just status {name} --follow",
            )
        return ServiceStateDocument(name, "nothing", status)
    _refuse_unagreed(report, name, hold, consent)
    ledger_hold.lift(session.ssm, ledger, hold)
    return ServiceStateDocument(name, "lifted", status, hold=hold.id)


def _lift_only(environment: Environment, consent: Consent, hold: Hold | None) -> ServiceStateDocument:
    """Lift the hold of a service that stays paused. Raises Refused when there is no hold."""
    run, desired = environment.run, environment.desired
    name = desired.environment
    if hold is None:
        raise Refused(
            f"env/{name}.yaml declares the service paused, so the next reconcile would pause it again;"
            " nothing was changed",
            fix=f"remove `paused: true` from env/{name}.yaml, then: just resume {name}",
        )
    service = run.target.observe(desired.service_name)[0]
    _refuse_unagreed(run.report, name, hold, consent)
    ledger_hold.lift(run.session.ssm, desired.ledger, hold)
    return ServiceStateDocument(name, "lifted", service.status if service else None, declared=True, hold=hold.id)


def _resume_paused(
    environment: Environment, consent: Consent, hold: Hold | None, *, old_release_first: bool
) -> ServiceStateDocument:
    """Lift the hold, if any, and start the service. Without `old_release_first` a waiting deployment is refused."""
    desired = environment.desired

    def refuse(observed: Observed) -> None:
        refuse_other_status(environment, observed, ServiceStatus.PAUSED)
        if not old_release_first:
            _refuse_waiting(environment, observed)

    observed = settled_state(environment)
    refuse(observed)
    agreed = consent_id("resume", existing_service(observed))
    if hold is not None:
        _refuse_unagreed(environment.run.report, desired.environment, hold, consent, starts=True)
        ledger_hold.lift(environment.session.ssm, desired.ledger, hold)
    else:
        refuse_unconfirmed(environment, agreed, consent)

    def refuse_again(now: Observed) -> None:
        refuse_held(environment, now)
        refuse(now)

    change_state(environment.run, "resume", agreed, refuse_again)
    return replace(state_document(environment, observed, "resumed"), hold=hold.id if hold else None)


def _refuse_waiting(environment: Environment, observed: Observed) -> None:
    """Raise Refused for a paused service while a deployment waits: the old release would start first."""
    plan = environment.run.compare(observed, None).plan
    if plan.paused is not None and plan.paused.deploys and plan.deployment is not None:
        paused, waits = render_blocker(plan.paused, plan), differences(plan.deployment)
        raise Refused(f"{paused.what}; nothing was changed", why=f"it waits: {waits}", fix=paused.fix)


def _refuse_unagreed(report: Reporter, environment: str, hold: Hold, consent: Consent, *, starts: bool = False) -> None:
    """Raise Refused unless a person agrees, or the hold's id was approved. `starts`: a paused service starts, too."""
    report.note(f"hold {hold.id} of {environment}: {since(hold)}")
    approve, ask = consent.approved, consent.ask
    if approve is not None:
        agreed = approve == hold.id
    elif ask is not None:
        more = " The paused service starts, too." if starts else ""
        agreed = ask(f"Lift it?{more} [y/N]: ").strip().lower() in {"y", "yes"}
    else:
        raise Refused(
            "there is no terminal to ask; the hold stays", fix=f"just resume {environment} --approve {hold.id}"
        )
    if not agreed:
        raise Refused("not confirmed; the hold stays", why=f"the hold is {hold.id}" if approve else "")
