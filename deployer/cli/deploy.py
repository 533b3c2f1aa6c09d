"""The verbs that change what runs: plan, reconcile, rollback, promote, destroy, hold, unlock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, accepts_json, file, names_environment
from deployer.cli.terminal import colour, consent, out
from deployer.errors import UsageError
from deployer.view.progress import Reporter, write

if TYPE_CHECKING:
    from collections.abc import Callable

    from deployer.environment.carry_out import PlanOutcome
    from deployer.environment.open import Environment
    from deployer.resources.removal import Removals
    from deployer.run.look import Comparison


def _plan_options(parser: Parser) -> None:
    names_environment(parser)
    _image(parser)
    parser.add_argument("--rollback", action="store_true", help="show what a rollback would do instead")
    _release(parser)
    accepts_json(parser, "plan")
    parser.add_argument("--markdown", action="store_true", help="for the summary of a CI job")
    parser.add_argument("--out", metavar="FILE", type=file, help="save the plan; it holds no secret")
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there is something to do")


def _plan(options: Options) -> int:
    from deployer.verbs.plan import PlanOptions, plan_environment

    if options.json and options.markdown:
        raise UsageError("--json and --markdown exclude each other", fix="choose one of the two")
    asked = PlanOptions(
        environment=options.environment,
        image=options.image,
        prune=options.prune,
        rollback=options.rollback,
        to=options.to,
        with_secrets=options.with_secrets,
        out=options.out,
    )
    planned = plan_environment(asked, Reporter(sys.stderr), _shows_plan(options))
    return 2 if options.detailed_exitcode and not planned.plan.empty else 0


def _shows_plan(options: Options) -> Callable[[Environment, Comparison], None]:
    """Prints a plan in the format that was asked for."""

    def print_plan(environment: Environment, planned: Comparison) -> None:
        if options.json:
            from deployer.view.plan_json import plan_as_json

            out(plan_as_json(planned.plan))
        elif options.markdown:
            from deployer.view import plan_markdown

            out(plan_markdown.render(planned.plan, manifest=str(environment.loaded.path)))
        else:
            coloured = colour(sys.stdout)
            out(_plan_text(environment, planned, colour=coloured), colours=coloured)

    return print_plan


def _reconcile_options(parser: Parser) -> None:
    names_environment(parser)
    _image(parser)
    parser.add_argument("--build", action="store_true", help="build and push the commit's image if ECR lacks it")
    parser.add_argument("--plan", metavar="FILE", type=file, help="carry out exactly this saved plan")
    _consent(parser)
    _retry(parser)
    parser.add_argument("--unless-held", action="store_true", help="exit 0 instead of 4 when the environment is held")
    accepts_json(parser, "outcome")


def _reconcile(options: Options) -> int:
    from deployer.verbs.reconcile import ReconcileOptions, reconcile_environment

    asked = ReconcileOptions(
        environment=options.environment,
        image=options.image,
        build=options.build,
        prune=options.prune,
        saved=options.plan,
        retry=options.retry,
        unless_held=options.unless_held,
    )
    return _ended(
        reconcile_environment(asked, Reporter(sys.stderr), _shows(options), consent(options.approve)), options
    )


def _rollback_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", nargs="?", help="staging when left out")
    _release(parser)
    _consent(parser)
    accepts_json(parser, "outcome")


def _rollback(options: Options) -> int:
    from deployer.verbs.rollback import RollbackOptions, roll_back

    asked = RollbackOptions(environment=options.environment, to=options.to, with_secrets=options.with_secrets)
    carried = roll_back(asked, Reporter(sys.stderr), _shows(options), consent(options.approve))
    return _ended(carried, options)


def _promote_options(parser: Parser) -> None:
    names_environment(parser, "source", "FROM")
    names_environment(parser, "environment", "TO")
    _consent(parser)
    _retry(parser)
    accepts_json(parser, "outcome")


def _promote(options: Options) -> int:
    from deployer.verbs.promote import PromoteOptions, promote_image

    asked = PromoteOptions(source=options.source, environment=options.environment, retry=options.retry)
    carried = promote_image(asked, Reporter(sys.stderr), _shows(options), consent(options.approve))
    return _ended(carried, options)


def _plan_text(environment: Environment, planned: Comparison, *, colour: bool) -> str:
    from deployer.view.plan_text import render_with_lock

    loaded = environment.loaded
    manifest, target = str(loaded.path), loaded.manifest.service.target
    return render_with_lock(planned.plan, planned.observed.lock, manifest=manifest, target=target, colour=colour)


def _shows(options: Options) -> Callable[[Environment, Comparison], None]:
    """Prints a plan: to stderr where stdout carries JSON."""
    stream = sys.stderr if options.json else sys.stdout

    def print_plan(environment: Environment, planned: Comparison) -> None:
        write(_plan_text(environment, planned, colour=colour(stream)) + "\n", stream, colours=colour(stream))

    return print_plan


def _ended(carried: PlanOutcome, options: Options) -> int:
    """Print the outcome of a plan that was shown."""
    from deployer.view.outcome_text import outcome_json, render_outcome

    if carried.why_not:
        write(carried.why_not + "\n", sys.stderr if options.json else sys.stdout)
    environment, outcome = carried.environment, carried.outcome
    if options.json:
        out(outcome_json(outcome))
        return 0
    next_steps = environment.site.next_steps(rolled_back=outcome.rollback_to is not None) if outcome.deployed else ()
    out(render_outcome(outcome, environment.desired.environment, next_steps))
    return 0


def _destroy_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--with-secrets", action="store_true", help="delete its secrets too; they cannot be recovered")
    parser.add_argument("--with-repository", action="store_true", help="the image repository, too, with every image")
    parser.add_argument("--approve", metavar="NAME", help="the service's name, where there is no terminal")
    accepts_json(parser, "destroy")


def _destroy(options: Options) -> int:
    from deployer.verbs.destroy import DestroyOptions, destroy_environment
    from deployer.view.destroy_text import destroy_document, render_removals
    from deployer.view.json_text import as_json

    def show(removals: Removals) -> None:
        write(render_removals(removals) + "\n", sys.stderr if options.json else sys.stdout)

    asked = DestroyOptions(
        environment=options.environment,
        with_secrets=options.with_secrets,
        with_repository=options.with_repository,
    )
    gone = destroy_environment(asked, Reporter(sys.stderr), show, consent(options.approve))
    if options.json:
        out(as_json(destroy_document(gone.environment, gone.removals)))
    else:
        out(f"{gone.environment} is gone." if gone.removals.deleted else render_removals(gone.removals))
    return 0


def _unlock_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--approve", metavar="ID", help="the id of the lock, where there is no terminal")


def _unlock(options: Options) -> int:
    from deployer.verbs.unlock import UnlockOptions, break_lock
    from deployer.view.lock_text import render_unlocked

    asked = UnlockOptions(environment=options.environment)
    unlocked = break_lock(asked, Reporter(sys.stderr), consent(options.approve))
    out(render_unlocked(unlocked.environment, was_locked=unlocked.was_locked))
    return 0


def _hold_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--reason", metavar="TEXT", help="place a hold; without it the hold there is, is shown")
    accepts_json(parser, "hold")


def _hold(options: Options) -> int:
    from deployer.verbs.hold import HoldOptions, hold_environment
    from deployer.view.hold_json import hold_document
    from deployer.view.hold_text import render_hold
    from deployer.view.json_text import as_json

    asked = HoldOptions(environment=options.environment, reason=options.reason)
    state = hold_environment(asked, Reporter(sys.stderr))
    if options.json:
        out(as_json(hold_document(state.environment, state.hold)))
    else:
        out(render_hold(state.environment, state.hold))
    return 0


def _image(parser: Parser) -> None:
    parser.add_argument("--image", metavar="IMAGE", help="a release number, commit or tag; default: the current commit")
    parser.add_argument("--prune", action="store_true", help="delete our parameters the manifest no longer names")


def _release(parser: Parser) -> None:
    parser.add_argument("--to", metavar="RELEASE", help="its number or its commit; default: the last healthy release")
    parser.add_argument("--with-secrets", action="store_true", help="bring its secrets back, too")


def _consent(parser: Parser) -> None:
    parser.add_argument("--approve", metavar="ID", help="the fingerprint of the plan that was agreed to")


def _retry(parser: Parser) -> None:
    parser.add_argument("--retry", action="store_true", help="deploy a release that failed before, unchanged")


VERBS = {
    "plan": Verb("show what a reconcile would do, and why", _plan_options, _plan),
    "reconcile": Verb("make AWS equal to the manifest", _reconcile_options, _reconcile),
    "rollback": Verb("roll back to the last healthy release, or to another one", _rollback_options, _rollback),
    "promote": Verb("deploy the image that is healthy in one environment to another", _promote_options, _promote),
    "destroy": Verb("delete an environment, after saying what goes and what stays", _destroy_options, _destroy),
    "hold": Verb("stop deployments for an incident, or show the hold there is", _hold_options, _hold),
    "unlock": Verb("show and break a lock that was left behind", _unlock_options, _unlock),
}
