"""Apply a plan that was shown, under the protection of its environment."""

from __future__ import annotations

from deployer.core.release import RecordedRelease
from deployer.environment import protection
from deployer.environment.consent import Consent
from deployer.environment.holds import refuse_held_plan
from deployer.environment.open import Environment
from deployer.errors import Refused
from deployer.resources.outcome import Outcome
from deployer.run import reconcile
from deployer.run.look import Comparison


def apply_plan(environment: Environment, planned: Comparison, consent: Consent, *, retry: bool = False) -> Outcome:
    """Apply a plan, unless it is known to fail, or refused by the environment's protection."""
    plan = planned.plan
    refuse_held_plan(plan)
    if plan.known_bad and not retry:
        raise Refused(
            f"release {plan.known_bad} was exactly this and failed; nothing was changed",
            why="the same image, literals, settings and secrets would most likely fail again",
            fix=f"change what made it fail; or, if the cause was elsewhere: just reconcile {plan.environment} --retry",
        )
    protection.check(environment, plan, consent)
    return reconcile.apply(environment.run, planned)


def settle(environment: Environment) -> RecordedRelease | None:
    """Wait for what an earlier run left under way; returns the release it had recorded, if any."""
    return reconcile.settle(environment.run) if environment.run.observe().unsettled else None
