"""Make the plan of an open environment, and refuse a plan that cannot be applied."""

from __future__ import annotations

from deployer.environment.open import Environment
from deployer.errors import Blocked, DeployerError, Refused
from deployer.resources.plan import Plan
from deployer.run.look import Comparison
from deployer.view.blocker_text import blockers, render_blocker
from deployer.view.counts import to_fix
from deployer.view.pause_text import ends, postponed


def make_plan(environment: Environment) -> Comparison:
    """Read AWS and make the plan."""
    planned = environment.run.plan()
    if not _creates(planned):
        return planned
    try:
        environment.site.refuse_taken_port()
    except DeployerError:
        planned = environment.run.plan()
        if _creates(planned):
            raise
    return planned  # another run has just created the service, which uses the port


def _creates(planned: Comparison) -> bool:
    deployment = planned.plan.deployment
    return deployment is not None and deployment.arn is None


def refuse_paused(plan: Plan) -> None:
    """Raise Refused, after the plan was shown, when only the pause of the service blocks it."""
    if plan.paused is not None and len(plan.blockers) == 1:
        paused = render_blocker(plan.paused, plan)
        raise Refused(f"{paused.what}; nothing was changed", fix=paused.fix)


def refuse_postponed(plan: Plan) -> None:
    """Raise Refused, after the plan was shown, when it waits for the end of a declared pause."""
    if plan.postponed:
        raise Refused(f"{postponed(plan)}; nothing was changed", fix=ends(plan))


def refuse_blocked(plan: Plan) -> None:
    """Raise Blocked, after the plan was shown, when something must be fixed first."""
    if plan.blockers:
        fixes = "; ".join(blocker.fix for blocker in blockers(plan))
        raise Blocked(f"{to_fix(len(plan.blockers))}; nothing was changed", fix=fixes)
