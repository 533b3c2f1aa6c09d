"""`deployer plan ENV`: what a reconcile would do, and why."""

from __future__ import annotations

import json

from deployer.core import planner
from deployer.core.plan import Plan
from deployer.errors import Blocked
from deployer.local.lifecycle import refuse_taken_ports
from deployer.local.settings import world_settings
from deployer.run.observe import observe
from deployer.verbs.environment import Environment
from deployer.view.plan_text import render


def make_plan(environment: Environment) -> Plan:
    """Look at AWS and compare."""
    run = environment.run
    plan = planner.plan(run.desired, observe(environment.session, run.target, run.desired))
    if run.desired.local and plan.deployment and plan.deployment.arn is None:
        settings = world_settings(environment.loaded)
        refuse_taken_ports(settings, settings.service)  # on this machine a service's port may be somebody else's
    return plan


def show(environment: Environment, plan: Plan, *, as_json: bool, colour: bool) -> str:
    """The plan for stdout."""
    if as_json:
        return json.dumps(plan.to_dict(), indent=2, sort_keys=True)
    target = environment.loaded.manifest.service.target
    return render(plan, manifest=str(environment.loaded.path), target=target, colour=colour)


def refuse_blocked(plan: Plan) -> None:
    """Raises Blocked, after the plan was shown, when something must be mended first."""
    if plan.blockers:
        fixes = "; ".join(blocker.fix for blocker in plan.blockers)
        raise Blocked(f"{len(plan.blockers)} thing(s) to mend first; nothing was changed", fix=fixes)
