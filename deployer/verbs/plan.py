"""`deployer plan ENV`: what a reconcile would do, and why."""

from __future__ import annotations

from deployer.core.facts import LockFact
from deployer.core.person import person
from deployer.core.plan import Plan
from deployer.errors import Blocked, DeployerError, Refused, as_typed
from deployer.run.look import Planned
from deployer.verbs.environment import Environment
from deployer.view.blocker_text import blocker_text, blockers
from deployer.view.counts import to_fix
from deployer.view.pause_text import ends, postponed
from deployer.view.plan_text import render


def make_plan(environment: Environment) -> Planned:
    """Look at AWS and compare."""
    planned = environment.run.plan()
    if not _creates(planned):
        return planned
    try:
        environment.site.refuse_taken_port()
    except DeployerError:
        planned = environment.run.plan()
        if _creates(planned):
            raise
    return planned  # another run has created the service in this moment: the port is its own


def _creates(planned: Planned) -> bool:
    deployment = planned.plan.deployment
    return deployment is not None and deployment.arn is None


def show(environment: Environment, planned: Planned, *, colour: bool = False, markdown: bool = False) -> str:
    """The plan for people: as text, or as markdown."""
    plan, manifest = planned.plan, str(environment.loaded.path)
    if markdown:
        from deployer.view import plan_markdown  # noqa: PLC0415 -- it loads an HTML parser

        return plan_markdown.render(plan, manifest=manifest)
    target = environment.loaded.manifest.service.target
    text = render(plan, manifest=manifest, target=target, colour=colour)
    return "\n".join([*_lock_lines(planned.facts.lock, plan), text])


def refuse_paused(plan: Plan) -> None:
    """Raises Refused, after the plan was shown, when nothing but the pause of the service blocks it."""
    if plan.paused is not None and len(plan.blockers) == 1:
        paused = blocker_text(plan.paused, plan)
        raise Refused(f"{paused.what}; nothing was changed", fix=paused.fix)


def refuse_postponed(plan: Plan) -> None:
    """Raises Refused, after the plan was shown, when it waits for the end of a declared pause."""
    if plan.postponed:
        raise Refused(f"{postponed(plan)}; nothing was changed", fix=ends(plan))


def refuse_blocked(plan: Plan) -> None:
    """Raises Blocked, after the plan was shown, when something must be mended first."""
    if plan.blockers:
        fixes = "; ".join(blocker.fix for blocker in blockers(plan))
        raise Blocked(f"{to_fix(len(plan.blockers))}; nothing was changed", fix=fixes)


def _lock_lines(lock: LockFact | None, plan: Plan) -> list[str]:
    if lock is None:
        return []
    doing = f"release {lock.release}" if lock.release else "a change"
    if not lock.over:
        return [
            f"note: {person(lock.holder)} ({lock.where}) is working on this environment since {lock.since}: {doing}"
        ]
    then = as_typed(f"just reconcile {plan.environment} continues from there")
    return [f"note: a run of {person(lock.holder)} stopped in the middle of {doing}; {then}"]
