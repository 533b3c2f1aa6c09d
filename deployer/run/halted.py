"""The error of a run that stopped before the end of its plan: its progress, and the command that continues."""

from __future__ import annotations

from deployer.aws.lock import HeldLock
from deployer.errors import DeployerError, Interrupted, StateUnknown
from deployer.resources.plan import Plan
from deployer.run.turn import Verb
from deployer.view.target_text import cancelled


def interrupted(plan: Plan, done: int, held: HeldLock, turns: Verb | None) -> Interrupted:
    operation, back = held.under_way, cancelled(plan.target)
    verb = f"just {'rollback' if plan.rollback_to else 'reconcile'} {plan.environment}"
    if turns is not None:
        return Interrupted(
            f"interrupted during the {turns} of the service, after {done} of {len(plan.changes)} changes",
            why=f"{plan.target.title} continues an operation that was started{back}",
            fix=f"follow it to its end with: {verb}",
        )
    if operation is None:
        return Interrupted(f"interrupted after {done} of {len(plan.changes)} changes", fix=f"continue with: {verb}")
    under_way = operation or "that was just asked for"
    what = f"interrupted while release {plan.release} is being deployed"
    return Interrupted(
        what,
        why=f"{plan.target.title} continues operation {under_way}{back}",
        fix=f"follow it to its end with: {verb}",
    )


def stopped(plan: Plan, done: int, held: HeldLock, error: DeployerError) -> StateUnknown:
    """The error for a failure partway: the run's progress, and that the same command continues from there."""
    what = f"{error.what}, after {done} of {len(plan.changes)} changes"
    if held.under_way is not None:
        what += f"; release {plan.release} may be on its way"
    verb = f"just {'rollback' if plan.rollback_to else 'reconcile'} {plan.environment}"
    fix = f"{error.fix}; {verb} continues from there" if error.fix else f"{verb} continues from there"
    return StateUnknown(what, why=error.why, fix=fix)
