"""`deployer plan ENV`: show what a reconcile would do, and why."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.facts import LockFact
from deployer.core.person import person
from deployer.core.plan import Plan
from deployer.errors import Blocked, DeployerError, Refused, UsageError, as_typed
from deployer.run.look import Planned
from deployer.verbs.environment import Environment, open_environment, open_known_environment
from deployer.view.blocker_text import blocker_text, blockers
from deployer.view.counts import to_fix
from deployer.view.pause_text import ends, postponed
from deployer.view.plan_text import render
from deployer.view.progress import Reporter


class PlanOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path; `image` a release number, a commit or a tag.

    `prune` plans the deletion of parameters that the manifest no longer names. With `rollback` the plan brings back the
    release `to` (its number or commit), None for the last healthy one, and `with_secrets` its secrets too.
    """

    environment: str
    image: str | None = None
    prune: bool = False
    rollback: bool = False
    to: str | None = None
    with_secrets: bool = False


def plan_environment(options: PlanOptions, report: Reporter) -> tuple[Environment, Planned]:
    """Plan, and change nothing. Raises UsageError for options that contradict each other."""
    if (options.to is not None or options.with_secrets) and not options.rollback:
        raise UsageError("--to and --with-secrets belong to a rollback", fix="add --rollback")
    if options.image is not None and options.rollback:
        raise UsageError("a rollback brings the image of its release", fix="leave out --image, or --rollback")
    if options.prune and options.rollback:
        raise UsageError("a rollback deletes nothing", fix="leave out --prune, or --rollback")
    if options.rollback:
        environment = open_known_environment(options.environment, report)
        environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    else:
        environment = open_environment(options.environment, report, image=options.image, prune=options.prune)
    return environment, make_plan(environment)


def make_plan(environment: Environment) -> Planned:
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
    """Raise Refused, after the plan was shown, when only the pause of the service blocks it."""
    if plan.paused is not None and len(plan.blockers) == 1:
        paused = blocker_text(plan.paused, plan)
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
