"""`deployer reconcile ENV` and `deployer rollback ENV`: carry out a plan that was shown."""

from __future__ import annotations

import json
from dataclasses import dataclass

from deployer.core.outcome import Outcome
from deployer.errors import Refused
from deployer.local.settings import world_settings
from deployer.run.reconcile import Planned
from deployer.verbs import protection
from deployer.verbs.environment import Environment
from deployer.verbs.plan import refuse_blocked


def apply(environment: Environment, planned: Planned, consent: protection.Consent, *, retry: bool = False) -> Outcome:
    """Carry out a plan, unless it is blocked, known to fail, or refused by the environment's protection."""
    plan = planned.plan
    refuse_blocked(plan)
    if plan.empty:
        return Outcome(0, False, plan.live.number if plan.live else None, plan.release, "", 0, plan.rollback_to)
    if plan.known_bad and not retry:
        raise Refused(
            f"release {plan.known_bad} was exactly this and failed; nothing was changed",
            why="the same image, literals, settings and secrets would most likely fail again",
            fix=f"change what made it fail; or, if the cause was elsewhere: just reconcile {plan.environment} --retry",
        )
    protection.check(environment, plan, consent)
    return environment.run.apply(planned)


@dataclass(frozen=True)
class Shown:
    """How to show an outcome: for programs or people, and how the user calls the deployer."""

    as_json: bool
    just: str


def show(environment: Environment, outcome: Outcome, how: Shown) -> str:
    """What came of it, for stdout; ends with the next thing to try."""
    if how.as_json:
        return json.dumps(vars(outcome), sort_keys=True)
    if not outcome.deployed:
        return f"Done: {outcome.changes} applied, no deployment was needed." if outcome.changes else ""
    again = f", release {outcome.rollback_to} again" if outcome.rollback_to else ""
    lines = [f"Release {outcome.number} ({outcome.release}) is live{again}: {outcome.url}"]
    name = environment.wanted.environment
    if environment.wanted.local:
        settings = world_settings(environment.loaded)
        lines += [
            f'Next: {how.just} say {name} "What is Ansari?"',
            f"      or chat with it in a browser: {settings.meta_url}",
        ]
    elif not outcome.rollback_to:
        lines.append(f"Undo: {how.just} rollback {name}")
    return "\n".join(lines)
