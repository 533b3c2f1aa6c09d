"""`deployer plan ENV`: show what a reconcile would do, and why."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.open import Environment, open_environment, open_usable_environment
from deployer.environment.plan import make_plan
from deployer.errors import UsageError
from deployer.run.look import Planned
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
        environment = open_usable_environment(options.environment, report)
        environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    else:
        environment = open_environment(options.environment, report, image=options.image, prune=options.prune)
    return environment, make_plan(environment)
