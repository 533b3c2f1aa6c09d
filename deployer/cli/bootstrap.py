"""The verb that prepares an AWS account: bootstrap."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, accepts_json, loaded, names_environment
from deployer.cli.terminal import out, person
from deployer.errors import UsageError
from deployer.view.progress import Reporter, write

if TYPE_CHECKING:
    from deployer.account.steps import Steps


def _options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument(
        "--print", action="store_true", help="as JSON and AWS CLI lines, for those who may; asks AWS nothing"
    )
    parser.add_argument("--preview", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument("--approve", metavar="ID", help="the fingerprint of the steps that were agreed to")
    accepts_json(parser, "bootstrap")


def _bootstrap(options: Options) -> int:
    from deployer.verbs import bootstrap as verb

    manifest = loaded(options)
    if options.print:
        if options.preview or options.approve:
            raise UsageError("--print only prints", fix="leave out --preview and --approve")
        out(verb.printed(manifest, as_json=options.json))
        return 0
    shown = sys.stderr if options.json else sys.stdout

    def agree(found: Steps) -> bool:
        if options.json and (found.blockers or options.preview):
            out(verb.as_json(found, done=False))
        else:
            write(verb.show(manifest, found) + "\n", shown)
        if found.blockers or not found.steps or options.preview:
            return False
        from deployer.environment.consent import Consent
        from deployer.environment.protection import check_steps

        check_steps(manifest, found.fingerprint, Consent(person(), options.approve))
        return True

    found, done = verb.bootstrap(manifest, Reporter(sys.stderr), agree=agree)
    if options.json and not options.preview:
        out(verb.as_json(found, done=done))
    elif done:
        out(f"The account is ready for {found.environment}.")
    return 0


VERBS = {"bootstrap": Verb("make what an AWS account needs before a deployment", _options, _bootstrap)}
