"""`deployer rollback ENV`: bring back a recorded release, after asking."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.apply import settle
from deployer.environment.carry_out import PlanOutcome, Show, carry_out_plan
from deployer.environment.consent import Consent
from deployer.environment.open import Environment, open_usable_environment
from deployer.environment.plan import make_plan
from deployer.environment.protection import protections
from deployer.errors import Refused
from deployer.resources.plan import Plan
from deployer.view.progress import Reporter

DEFAULT = "staging"


class RollbackOptions(Struct, frozen=True, kw_only=True):
    """The options of the command line. `environment` is a name or a manifest's path, None for staging.

    `to` is the number or the commit of a release, None for the last healthy one. `with_secrets` brings the release's
    secrets back, too.
    """

    environment: str | None = None
    to: str | None = None
    with_secrets: bool = False


def roll_back(options: RollbackOptions, report: Reporter, show: Show, consent: Consent) -> PlanOutcome:
    """Plan the rollback, show the plan, ask, and apply it.

    A rollback that was stopped is finished first; without `to` that is all, because it was asked for once.
    """
    if options.environment is None:
        report.note(f"no environment was named: this is {DEFAULT}")
    environment = open_usable_environment(options.environment or DEFAULT, report)
    to, stopped = options.to, settle(environment)
    if stopped and stopped.release.rollback_to and to is None:
        report.note(f"the rollback that was stopped is done: release {stopped.release.rollback_to} serves again")
        to = str(stopped.release.rollback_to)
    environment = environment.back_to(to, with_secrets=options.with_secrets)
    return carry_out_plan(
        environment,
        make_plan(environment),
        show,
        consent,
        retry=True,  # a release that was healthy once may come back, whatever its content did later
        agree=lambda plan: _agree(environment, plan, consent),
    )


def _agree(environment: Environment, plan: Plan, consent: Consent) -> None:
    """Raise Refused unless a person confirms, or a plan was approved."""
    protected = any(protection.confirm for protection in protections(environment.loaded))
    if consent.approved is not None or protected:
        return  # the environment's protection checks whether this plan was approved
    if consent.ask is None:
        secrets = " --with-secrets" if plan.with_secrets else ""
        again = f"just rollback {plan.environment} --to {plan.rollback_to}{secrets} --approve {plan.fingerprint}"
        raise Refused(
            "a rollback asks before it changes anything, and there is no terminal; nothing was changed",
            fix=f"read the plan above, then: {again}",
        )
    if consent.ask(f"Roll {plan.environment} back? [y/N]: ").strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed; nothing was changed")
