"""The verbs that deploy no other release: pause, resume, restart."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from deployer.cli.command import Options, Parser, Verb, as_json, names_environment
from deployer.cli.terminal import out, person
from deployer.errors import Refused
from deployer.view.progress import Reporter

if TYPE_CHECKING:
    from deployer.environment.open import Environment
    from deployer.view.documents import ServiceStateDocument


def _options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--approve", metavar="ID", help="the id that a protected environment shows")
    as_json(parser, "service-state")


def _pause(options: Options) -> int:
    from deployer.environment.consent import Consent
    from deployer.verbs.service_state import pause

    return _show(options, pause(_environment(options), Consent(person(), options.approve)))


def _restart(options: Options) -> int:
    from deployer.environment.consent import Consent
    from deployer.verbs.service_state import restart

    return _show(options, restart(_environment(options), Consent(person(), options.approve)))


def _resume_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--approve", metavar="ID", help="the id of the hold, or the one that is shown")
    parser.add_argument(
        "--old-release-first",
        action="store_true",
        help="start a paused service with the release it ran last, although a deployment waits",
    )
    as_json(parser, "service-state")


def _resume(options: Options) -> int:
    from deployer.aws import hold as ledger_hold
    from deployer.core.release import ledger_path
    from deployer.core.target import ServiceStatus
    from deployer.environment.consent import Consent
    from deployer.environment.open import open_identity
    from deployer.environment.usable_manifest import usable_identity
    from deployer.targets.registry import open_target
    from deployer.verbs.resume import lift

    reporter = Reporter(sys.stderr)
    identity = usable_identity(options.environment, reporter)
    session, _ = open_identity(identity)
    name, consent = identity.environment, Consent(person(), options.approve)
    ledger = ledger_path(identity.app, name)
    hold = ledger_hold.read(session.ssm, ledger)
    service = open_target(identity.target, session).observe(identity.service)[0]
    status = service.status if service else None
    if status is ServiceStatus.PAUSED:
        from deployer.verbs.service_state import resume_paused

        old_first = options.old_release_first
        return _show(options, resume_paused(_environment(options), consent, hold, old_release_first=old_first))
    if status is ServiceStatus.BUSY and hold is None:
        raise Refused(
            f"{name} is not held, and an operation of its service is under way; nothing was changed",
            fix=f"wait for its end: just status {name} --follow",
        )
    return _show(options, lift(session, ledger, name, hold, reporter, consent, service))


def _show(options: Options, found: ServiceStateDocument) -> int:
    if options.json:
        import json

        from msgspec import to_builtins

        out(json.dumps(to_builtins(found), indent=2))
    else:
        from deployer.view.service_state_text import render

        out(render(found))
    return 0


def _environment(options: Options) -> Environment:
    from deployer.environment.open import open_environment

    return open_environment(options.environment, Reporter(sys.stderr), start=False)


VERBS = {
    "pause": Verb("stop the service until it is resumed; users get no answers", _options, _pause),
    "resume": Verb("lift a hold, and start a paused service again", _resume_options, _resume),
    "restart": Verb("replace every instance by a new one of the same release", _options, _restart),
}
