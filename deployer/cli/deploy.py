"""The verbs that change what runs: plan, reconcile, rollback, promote, destroy, hold, unlock."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, as_json, file, loaded, names_environment, two
from deployer.cli.terminal import colour, out, person
from deployer.errors import UsageError, as_typed
from deployer.view.progress import Reporter, write

if TYPE_CHECKING:
    from deployer.run.look import Planned
    from deployer.verbs.environment import Environment


def _plan_options(parser: Parser) -> None:
    names_environment(parser)
    _image(parser)
    parser.add_argument("--rollback", action="store_true", help="show what a rollback would do instead")
    _release(parser)
    as_json(parser, "plan")
    parser.add_argument("--markdown", action="store_true", help="for the summary of a CI job")
    parser.add_argument("--out", metavar="FILE", type=file, help="save the plan; it holds no secret")
    parser.add_argument("--detailed-exitcode", action="store_true", help="exit 2 when there is something to do")


def _plan(options: Options) -> int:
    from deployer.verbs import plan as verb
    from deployer.verbs.environment import open_environment, open_known_environment

    if options.json and options.markdown:
        raise UsageError("--json and --markdown exclude each other", fix="choose one of the two")
    if (options.to is not None or options.with_secrets) and not options.rollback:
        raise UsageError("--to and --with-secrets belong to a rollback", fix="add --rollback")
    if options.image is not None and options.rollback:
        raise UsageError("a rollback brings the image of its release", fix="leave out --image, or --rollback")
    if options.prune and options.rollback:
        raise UsageError("a rollback deletes nothing", fix="leave out --prune, or --rollback")
    reporter = Reporter(sys.stderr)
    if not options.rollback:
        environment = open_environment(options.environment, reporter, image=options.image, prune=options.prune)
    else:
        environment = open_known_environment(options.environment, reporter)
        environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    planned = verb.make_plan(environment)
    if options.json or options.out:  # the document's types take some time to build
        from deployer.verbs import saved_plan
    if options.json:
        out(saved_plan.as_json(planned.plan))
    else:
        coloured = colour(sys.stdout)
        text = verb.show(environment, planned, colour=coloured, markdown=options.markdown)
        out(text, colours=coloured)
    if options.out:
        saved_plan.save(planned.plan, options.out)
        reporter.note(as_typed(f"saved: just reconcile {planned.plan.environment} --plan ") + str(options.out))
    verb.refuse_blocked(planned.plan)
    return 2 if options.detailed_exitcode and not planned.plan.empty else 0


def _reconcile_options(parser: Parser) -> None:
    names_environment(parser)
    _image(parser)
    parser.add_argument("--build", action="store_true", help="build and push the commit's image if ECR lacks it")
    parser.add_argument("--plan", metavar="FILE", type=file, help="carry out exactly this saved plan")
    _consent(parser)
    _retry(parser)
    parser.add_argument("--unless-held", action="store_true", help="exit 0 instead of 4 when the environment is held")
    as_json(parser, "outcome")


def _reconcile(options: Options) -> int:
    from deployer.verbs.environment import open_environment, open_known_environment

    if options.build and (options.plan or options.image):
        raise UsageError("--build builds the commit's image, and another one is named", fix="leave out one of the two")
    reporter = Reporter(sys.stderr)
    if options.build:
        from deployer.verbs.image import push

        options.image = push(loaded(options), reporter).tag
    if options.plan is None:
        environment = open_environment(options.environment, reporter, image=options.image, prune=options.prune)
        planned = _settled_plan(environment)
        return _carry_out(options, environment, planned, unless_held=options.unless_held)
    from deployer.project import environment_name
    from deployer.verbs import saved_plan

    if options.image or options.prune:
        raise UsageError("a saved plan has its own image and its own --prune", fix="leave out --image and --prune")
    saved = saved_plan.read_saved(options.plan, environment_name(options.environment))
    if not saved.rollback_to:
        environment = open_environment(options.environment, reporter, image=saved.tag, prune=saved.prune)
    else:
        environment = open_known_environment(options.environment, reporter)
        environment = environment.back_to(str(saved.rollback_to), with_secrets=saved.with_secrets)
    planned = _settled_plan(environment)
    saved_plan.refuse_changed(saved, planned.plan)
    return _carry_out(options, environment, planned, unless_held=options.unless_held)


def _settled_plan(environment: Environment) -> Planned:
    """The plan, after what an earlier run left under way has come to its end."""
    from deployer.verbs import plan as planning

    planned = planning.make_plan(environment)
    if not planned.facts.unsettled:
        return planned
    from deployer.verbs import reconcile as verb

    verb.settle(environment)
    return planning.make_plan(environment)


def _rollback_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", nargs="?", help="staging when left out")
    _release(parser)
    _consent(parser)
    as_json(parser, "outcome")


def _rollback(options: Options) -> int:
    from deployer.verbs import plan as planning
    from deployer.verbs import reconcile as verb
    from deployer.verbs.environment import open_known_environment

    reporter = Reporter(sys.stderr)
    if options.environment is None:
        reporter.note("no environment was named: this is staging")
    environment = open_known_environment(options.environment or "staging", reporter)
    stopped = verb.settle(environment)
    if stopped and stopped.release.rollback_to and options.to is None:  # asked for once, and not to be done twice
        reporter.note(f"the rollback that was stopped is done: release {stopped.release.rollback_to} serves again")
        options.to = str(stopped.release.rollback_to)
    environment = environment.back_to(options.to, with_secrets=options.with_secrets)
    options.retry = True  # a release that was healthy once may be gone back to, whatever came of it later
    return _carry_out(options, environment, planning.make_plan(environment), rollback=True)


def _promote_options(parser: Parser) -> None:
    names_environment(parser, "source", "FROM")
    names_environment(parser, "environment", "TO")
    _consent(parser)
    _retry(parser)
    as_json(parser, "outcome")


def _promote(options: Options) -> int:
    from deployer.verbs.environment import open_environment
    from deployer.verbs.promote import refuse_another_image, running

    reporter = Reporter(sys.stderr)
    source = running(two(options.source, options.environment)[0])
    reporter.note(f"promoting release {source.number} of {source.environment}: {source.tag}, {source.digest[:19]}")
    environment = open_environment(options.environment, reporter, image=source.tag)
    planned = _settled_plan(environment)
    refuse_another_image(source, planned.plan)
    return _carry_out(options, environment, planned, promotes=True)


def _carry_out(
    options: Options,
    environment: Environment,
    planned: Planned,
    *,
    rollback: bool = False,
    promotes: bool = False,
    unless_held: bool = False,
) -> int:
    from deployer.verbs import outcome as ending
    from deployer.verbs import plan as planning

    shown = sys.stderr if options.json else sys.stdout
    write(planning.show(environment, planned, colour=colour(shown)) + "\n", shown, colours=colour(shown))
    planning.refuse_paused(planned.plan)
    planning.refuse_blocked(planned.plan)
    outcome = ending.unchanged(planned.plan)
    if planned.plan.postponed and not planned.plan.held:
        if promotes:
            planning.refuse_postponed(planned.plan)
        from deployer.view.pause_text import not_applied

        write(not_applied(planned.plan) + "\n", shown)
    elif unless_held and planned.plan.held and not planned.plan.empty:
        from deployer.verbs.held import not_deployed

        write(not_deployed(planned.plan) + "\n", shown)
    elif not planned.plan.empty:  # a run that finds nothing to do needs none of what changes things
        from deployer.verbs import reconcile as verb
        from deployer.verbs.protection import Consent, protections

        consent = Consent(person(), options.approve)
        if rollback:
            from deployer.verbs.rollback import agree

            agree(planned.plan, consent, asks_name=any(one.confirm for one in protections(environment.loaded)))
        outcome = verb.apply(environment, planned, consent, retry=options.retry)
    out(ending.show(environment, outcome, as_json=options.json))
    return 0


def _destroy_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--with-secrets", action="store_true", help="delete its secrets too; they cannot be recovered")
    parser.add_argument("--with-repository", action="store_true", help="the image repository, too, with every image")
    parser.add_argument("--approve", metavar="NAME", help="the service's name, where there is no terminal")
    as_json(parser, "destroy")


def _destroy(options: Options) -> int:
    from deployer.core.removal import Removals, Wish
    from deployer.verbs import destroy as verb
    from deployer.verbs.environment import open_environment

    environment = open_environment(options.environment, Reporter(sys.stderr), start=False)
    shown = sys.stderr if options.json else sys.stdout

    def agree(found: Removals) -> None:
        write(verb.show(found) + "\n", shown)
        verb.consent(environment, options.approve, person())

    wish = Wish(secrets=options.with_secrets, repository=options.with_repository)
    found = verb.destroy(environment, wish, agree=agree)
    if options.json:
        out(verb.as_json(found, environment.wanted.environment))
    else:
        out(f"{environment.wanted.environment} is gone." if found.deleted else verb.show(found))
    return 0


def _unlock_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--approve", metavar="ID", help="the id of the lock, where there is no terminal")


def _unlock(options: Options) -> int:
    from deployer.verbs.known import known_identity
    from deployer.verbs.unlock import unlock

    reporter = Reporter(sys.stderr)
    out(unlock(known_identity(options.environment, reporter), reporter, ask=person(), approve=options.approve))
    return 0


def _hold_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--reason", metavar="TEXT", help="place a hold; without it the hold there is, is shown")
    as_json(parser, "hold")


def _hold(options: Options) -> int:
    from deployer.aws import hold as ledger_hold
    from deployer.core.release import ledger_path
    from deployer.verbs import hold as verb
    from deployer.verbs.environment import open_identity
    from deployer.verbs.known import known_identity

    identity = known_identity(options.environment, Reporter(sys.stderr))
    session, who = open_identity(identity)
    name, ledger = identity.environment, ledger_path(identity.app, identity.environment)
    if options.reason is None:
        found = ledger_hold.read(session.ssm, ledger)
    else:
        found = verb.place(session, who, ledger, options.reason)
    out(verb.show(found, name, as_json=options.json))
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
