"""`deployer reconcile ENV`: apply a plan that was shown."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from deployer.environment.carry_out import PlanOutcome, Show, carry_out_plan, settled_plan
from deployer.environment.consent import Consent
from deployer.environment.open import Environment, open_environment, open_usable_environment
from deployer.errors import UsageError
from deployer.project import environment_name
from deployer.run.look import Comparison
from deployer.view.progress import Reporter


class ReconcileOptions(Struct, frozen=True, kw_only=True):
    """The options of the command line.

    `environment` is a name or a manifest's path; `image` a release number, a commit or a tag. `build` builds and pushes
    the commit's image, `prune` deletes parameters that the manifest no longer names, `saved` is the file of a plan to
    apply exactly. `retry` deploys content that failed before; with `unless_held` a held environment is not an error.
    """

    environment: str
    image: str | None = None
    build: bool = False
    prune: bool = False
    saved: Path | None = None
    retry: bool = False
    unless_held: bool = False


def reconcile_environment(options: ReconcileOptions, report: Reporter, show: Show, consent: Consent) -> PlanOutcome:
    """Plan, show the plan, and apply it. Raises UsageError for options that contradict each other."""
    _refuse_contradictions(options)
    environment, planned = _saved(options, options.saved, report) if options.saved else _planned(options, report)
    return carry_out_plan(environment, planned, show, consent, retry=options.retry, unless_held=options.unless_held)


def _refuse_contradictions(options: ReconcileOptions) -> None:
    if options.build and (options.saved or options.image):
        raise UsageError("--build builds the commit's image, and another one is named", fix="leave out one of the two")
    if options.saved and (options.image or options.prune):
        raise UsageError("a saved plan has its own image and its own --prune", fix="leave out --image and --prune")


def _planned(options: ReconcileOptions, report: Reporter) -> tuple[Environment, Comparison]:
    image = options.image
    if options.build:
        from deployer.verbs.image.push import PushOptions, push_image  # noqa: PLC0415 -- only a build loads the builders

        image = push_image(PushOptions(environment=options.environment), report).tag
    environment = open_environment(options.environment, report, image=image, prune=options.prune)
    return environment, settled_plan(environment)


def _saved(options: ReconcileOptions, file: Path, report: Reporter) -> tuple[Environment, Comparison]:
    """Make the saved plan again. Raises Refused when it has changed."""
    from deployer.environment import saved_plan  # noqa: PLC0415 -- the document's types take some time to build

    saved = saved_plan.read_saved(file, environment_name(options.environment))
    if saved.rollback_to:
        environment = open_usable_environment(options.environment, report)
        environment = environment.back_to(str(saved.rollback_to), with_secrets=saved.with_secrets)
    else:
        environment = open_environment(options.environment, report, image=saved.tag, prune=saved.prune)
    planned = settled_plan(environment)
    saved_plan.refuse_changed(saved, planned.plan)
    return environment, planned
