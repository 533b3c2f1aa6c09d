"""`deployer plan ENV`: what a reconcile would do, and why. It can be saved, and applied as it was saved."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from deployer.core.document import PlanDocument, document
from deployer.core.facts import LockFact
from deployer.core.plan import Plan
from deployer.core.release import RecordedRelease
from deployer.errors import Blocked, Refused, UsageError
from deployer.local.lifecycle import refuse_taken_ports
from deployer.local.settings import world_settings
from deployer.run.reconcile import Planned, refuse_stale
from deployer.verbs.environment import Environment
from deployer.view import plan_markdown
from deployer.view.plan_text import render


def make_plan(environment: Environment) -> Planned:
    """Look at AWS and compare."""
    run = environment.run
    planned = run.plan()
    deployment = planned.plan.deployment
    if run.desired.local and deployment and deployment.arn is None:
        settings = world_settings(environment.loaded)
        refuse_taken_ports(settings, settings.service)  # on this machine a service's port may be somebody else's
    return planned


def settled_plan(environment: Environment) -> Planned:
    """The plan, after what an earlier run left under way has come to its end."""
    planned = make_plan(environment)
    if not planned.facts.unsettled:
        return planned
    environment.run.settle()
    return make_plan(environment)


def settle(environment: Environment) -> RecordedRelease | None:
    """Let what an earlier run left under way come to its end; the release it had recorded, if any."""
    return environment.run.settle() if environment.run.observed().unsettled else None


def show(environment: Environment, planned: Planned, *, form: str, colour: bool) -> str:
    """The plan for stdout: as "text", "json" or "markdown"."""
    plan = planned.plan
    if form == "json":
        return document(plan).model_dump_json(indent=2)
    manifest = str(environment.loaded.path)
    if form == "markdown":
        return plan_markdown.render(plan, manifest=manifest)
    target = environment.loaded.manifest.service.target
    text = render(plan, manifest=manifest, target=target, colour=colour)
    return "\n".join([*_lock_lines(planned.facts.lock, plan), text])


def save(plan: Plan, path: Path) -> None:
    """Write the plan to a file. It holds no secret. Raises UsageError when the file cannot be written."""
    try:
        path.write_text(document(plan).model_dump_json(indent=2) + "\n")
    except OSError as error:
        raise UsageError(f"the plan cannot be saved: {error.strerror}: {path}", fix="name another --out FILE") from None


def read_saved(path: Path, environment: str) -> PlanDocument:
    """A plan that was saved. Raises UsageError when it is none, or one of another environment."""
    try:
        saved = PlanDocument.model_validate_json(path.read_bytes())
    except OSError as error:
        raise UsageError(f"the plan cannot be read: {error.strerror}: {path}", fix="name a file of --out") from None
    except ValidationError:
        raise UsageError(f"{path} is no plan of this deployer", fix=f"just plan {environment} --out {path}") from None
    if saved.environment != environment:
        raise UsageError(f"{path} is a plan of {saved.environment}", fix=f"just plan {environment} --out {path}")
    return saved


def refuse_changed(saved: PlanDocument, plan: Plan) -> None:
    """Raises Refused unless the plan made now is the one that was saved, naming each fact that moved."""
    refuse_stale(saved.facts, plan)
    if saved != document(plan):
        raise Refused(
            "the saved plan is not what this deployer would do with the same facts; nothing was changed",
            why="the file was edited, or another version of the deployer made it",
            fix=f"make it again: just plan {plan.environment} --out FILE",
        )


def refuse_blocked(plan: Plan) -> None:
    """Raises Blocked, after the plan was shown, when something must be mended first."""
    if plan.blockers:
        fixes = "; ".join(blocker.fix for blocker in plan.blockers)
        raise Blocked(f"{len(plan.blockers)} thing(s) to mend first; nothing was changed", fix=fixes)


def _lock_lines(lock: LockFact | None, plan: Plan) -> list[str]:
    if lock is None:
        return []
    doing = f"release {lock.release}" if lock.release else "a change"
    if not lock.over:
        return [f"note: {lock.holder} ({lock.where}) is working on this environment since {lock.since}: {doing}"]
    return [
        (
            f"note: a run of {lock.holder} stopped in the middle of {doing}; "
            f"just reconcile {plan.environment} goes on from there"
        )
    ]
