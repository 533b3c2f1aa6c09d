"""`deployer resume ENV`: lift a hold, after showing who placed it and why; a paused service starts again."""

from __future__ import annotations

from deployer.aws import hold as ledger_hold
from deployer.aws.session import Session
from deployer.core.facts import ServiceFact
from deployer.core.hold import Hold
from deployer.environment.consent import Consent
from deployer.errors import Refused
from deployer.view.documents import ServiceStateDocument
from deployer.view.hold_text import since
from deployer.view.progress import Reporter


def lift(
    session: Session,
    ledger: str,
    environment: str,
    hold: Hold | None,
    report: Reporter,
    consent: Consent,
    service: ServiceFact | None,
) -> ServiceStateDocument:
    """Lift the hold, if any, when a person agrees or its id is approved. The service does not change."""
    status = service.status if service else None
    if hold is None:
        return ServiceStateDocument(environment, "nothing", status)
    agree_to_lift(report, environment, hold, consent)
    ledger_hold.lift(session.ssm, ledger, hold)
    return ServiceStateDocument(environment, "lifted", status, hold=hold.id)


def agree_to_lift(report: Reporter, environment: str, hold: Hold, consent: Consent, *, starts: bool = False) -> None:
    """Raise Refused unless a person or an approval agrees. `starts` means that a paused service starts, too."""
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
