"""`deployer plan ENV`: show what a reconcile would do, and why."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from deployer.environment.carry_out import Show
from deployer.environment.open import open_environment, open_usable_environment
from deployer.environment.plan import make_plan, refuse_blocked
from deployer.errors import UsageError, as_typed
from deployer.run.look import Comparison
from deployer.view.progress import Reporter


class PlanOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path; `image` a release number, a commit or a tag.

    `prune` plans the deletion of parameters that the manifest no longer names. With `rollback` the plan brings back the
    release `to` (its number or commit), None for the last healthy one, and `with_secrets` its secrets too. The plan is
    saved to the file `out`, unless that is None.
    """

    environment: str
    image: str | None = None
    prune: bool = False
    rollback: bool = False
    to: str | None = None
    with_secrets: bool = False
    out: Path | None = None


def plan_environment(options: PlanOptions, report: Reporter, show: Show) -> Comparison:
    """Make the plan, show it, save it where that is asked for, and change nothing else.

    Raises UsageError for options that contradict each other, and Blocked, after the plan was shown, when something must
    be fixed first.
    """
    _refuse_contradictions(options)
    if options.rollback:
        environment = open_usable_environment(options.environment, report)
        environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    else:
        environment = open_environment(options.environment, report, image=options.image, prune=options.prune)
    planned = make_plan(environment)
    show(environment, planned)
    if options.out is not None:
        from deployer.environment import saved_plan  # noqa: PLC0415 -- the document's types take some time to build

        saved_plan.save(planned.plan, options.out)
        report.note(as_typed(f"saved: just reconcile {planned.plan.environment} --plan ") + str(options.out))
    refuse_blocked(planned.plan)
    return planned


def _refuse_contradictions(options: PlanOptions) -> None:
    if (options.to is not None or options.with_secrets) and not options.rollback:
        raise UsageError("--to and --with-secrets belong to a rollback", fix="add --rollback")
    if options.image is not None and options.rollback:
        raise UsageError("a rollback brings the image of its release", fix="leave out --image, or --rollback")
    if options.prune and options.rollback:
        raise UsageError("a rollback deletes nothing", fix="leave out --prune, or --rollback")
