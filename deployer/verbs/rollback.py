"""`deployer rollback ENV`: the consent to the plan that was shown."""

from __future__ import annotations

from deployer.core.plan import Plan
from deployer.errors import Refused
from deployer.verbs.protection import Consent


def agree(plan: Plan, consent: Consent, *, asks_name: bool) -> None:
    """Raises Refused unless a person says yes, or a plan was approved.

    `asks_name` says that the environment's protection asks a person anyway (protect.confirm).
    """
    if consent.approved is not None or asks_name:
        return  # whether it is this plan that was approved is checked with the environment's protection
    if consent.ask is None:
        secrets = " --with-secrets" if plan.with_secrets else ""
        again = f"just rollback {plan.environment} --to {plan.rollback_to}{secrets} --approve {plan.fingerprint}"
        raise Refused(
            "a rollback asks before it changes anything, and there is no terminal; nothing was changed",
            fix=f"read the plan above, then: {again}",
        )
    if consent.ask(f"Roll {plan.environment} back? [y/N]: ").strip().lower() not in {"y", "yes"}:
        raise Refused("not confirmed; nothing was changed")
