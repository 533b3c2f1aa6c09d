"""The verbs that deploy no other release: pause, resume, restart."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, accepts_json, names_environment
from deployer.cli.terminal import consent, out
from deployer.view.progress import Reporter

if TYPE_CHECKING:
    from deployer.view.documents.service_state import ServiceStateDocument


def _options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--approve", metavar="ID", help="the id that a protected environment shows")
    accepts_json(parser, "service-state")


def _pause(options: Options) -> int:
    from deployer.verbs.pause import PauseOptions, pause_service

    asked = PauseOptions(environment=options.environment)
    return _show(options, pause_service(asked, Reporter(sys.stderr), consent(options.approve)))


def _restart(options: Options) -> int:
    from deployer.verbs.restart import RestartOptions, restart_service

    asked = RestartOptions(environment=options.environment)
    return _show(options, restart_service(asked, Reporter(sys.stderr), consent(options.approve)))


def _resume_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--approve", metavar="ID", help="the id of the hold, or the one that is shown")
    parser.add_argument(
        "--old-release-first",
        action="store_true",
        help="start a paused service with the release it ran last, although a deployment waits",
    )
    accepts_json(parser, "service-state")


def _resume(options: Options) -> int:
    from deployer.verbs.resume import ResumeOptions, resume_environment

    asked = ResumeOptions(environment=options.environment, old_release_first=options.old_release_first)
    return _show(options, resume_environment(asked, Reporter(sys.stderr), consent(options.approve)))


def _show(options: Options, document: ServiceStateDocument) -> int:
    from deployer.view import json_text, service_state_text

    out(json_text.as_json(document) if options.json else service_state_text.render(document))
    return 0


VERBS = {
    "pause": Verb("stop the service until it is resumed; users get no answers", _options, _pause),
    "resume": Verb("lift a hold, and start a paused service again", _resume_options, _resume),
    "restart": Verb("replace every instance by a new one of the same release", _options, _restart),
}
