"""The verb that prepares an AWS account: bootstrap."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, accepts_json, names_environment
from deployer.cli.terminal import consent, out
from deployer.view.progress import Reporter, write

if TYPE_CHECKING:
    from deployer.verbs.bootstrap import Preparation


def _options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument(
        "--print", action="store_true", help="as JSON and AWS CLI lines, for those who may; asks AWS nothing"
    )
    parser.add_argument("--preview", action="store_true", help="show what would be done, and do nothing")
    parser.add_argument("--approve", metavar="ID", help="the fingerprint of the steps that were agreed to")
    accepts_json(parser, "bootstrap")


def _bootstrap(options: Options) -> int:
    from deployer.verbs.bootstrap import AccountCommands, BootstrapOptions, prepare_account
    from deployer.view import bootstrap_commands, bootstrap_text
    from deployer.view.bootstrap_json import commands_document, steps_document
    from deployer.view.json_text import as_json

    def show(preparation: Preparation) -> None:
        steps = preparation.steps
        if options.json and (steps.blockers or options.preview):
            out(as_json(steps_document(steps, done=False)))
            return
        title = f"{preparation.app} / {steps.environment}   account {preparation.account}  {preparation.region}"
        write(bootstrap_text.render(steps, title=title) + "\n", sys.stderr if options.json else sys.stdout)

    asked = BootstrapOptions(environment=options.environment, preview=options.preview, as_commands=options.print)
    preparation = prepare_account(asked, Reporter(sys.stderr), show, consent(options.approve))
    if isinstance(preparation, AccountCommands):
        made = preparation.commands
        out(
            as_json(commands_document(preparation.environment, made))
            if options.json
            else bootstrap_commands.script(made)
        )
    elif options.json and not options.preview:
        out(as_json(steps_document(preparation.steps, done=preparation.done)))
    elif preparation.done:
        out(f"The account is ready for {preparation.steps.environment}.")
    return 0


VERBS = {"bootstrap": Verb("make what an AWS account needs before a deployment", _options, _bootstrap)}
