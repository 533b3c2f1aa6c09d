"""The verbs about users' messages: inbox, dead, replay."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from deployer.cli.command import Options, Parser, Verb, accepts_json, names_environment
from deployer.cli.terminal import consent, out
from deployer.view.progress import Reporter


def _inbox_options(parser: Parser) -> None:
    names_environment(parser)
    accepts_json(parser, "inbox")


def _inbox(options: Options) -> int:
    from deployer.verbs.inbox import InboxOptions, count_messages
    from deployer.view import inbox_text
    from deployer.view.json_text import as_json

    document = count_messages(InboxOptions(environment=options.environment), Reporter(sys.stderr))
    out(as_json(document) if options.json else inbox_text.render_inbox(document))
    return 0


def _dead_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("--limit", metavar="N", type=int, help="list the newest N at most; 100 when left out")
    accepts_json(parser, "dead")


def _dead(options: Options) -> int:
    from deployer.verbs.dead import LIMIT, DeadOptions, list_dead_letters
    from deployer.view import inbox_text
    from deployer.view.json_text import as_json

    limit = LIMIT if options.limit is None else options.limit
    document = list_dead_letters(DeadOptions(environment=options.environment, limit=limit), Reporter(sys.stderr))
    out(as_json(document) if options.json else inbox_text.render_dead(document, datetime.now(UTC)))
    return 0


def _replay_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("ids", metavar="ID", nargs="*", help="a dead letter, as `dead` shows it")
    parser.add_argument("--all", action="store_true", help="every dead letter")
    parser.add_argument("--approve", metavar="APPROVAL", help="the id that a protected environment shows")
    accepts_json(parser, "replay")


def _replay(options: Options) -> int:
    from deployer.verbs.replay import ReplayOptions, replay_dead_letters
    from deployer.view import inbox_text
    from deployer.view.json_text import as_json

    asked = ReplayOptions(environment=options.environment, ids=tuple(options.ids), everything=options.all)
    document = replay_dead_letters(asked, Reporter(sys.stderr), consent(options.approve))
    out(as_json(document) if options.json else inbox_text.render_replayed(document))
    return 0


VERBS = {
    "inbox": Verb("count the messages that wait for an answer, and those that were given up", _inbox_options, _inbox),
    "dead": Verb("list the messages that were given up, without their texts", _dead_options, _dead),
    "replay": Verb("let the service answer messages that it gave up", _replay_options, _replay),
}
