"""The verbs of the local world: `deployer local ...`, and say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from deployer.cli.command import Group, Options, Parser, Verb, loaded, names_environment
from deployer.cli.terminal import out
from deployer.errors import UsageError

if TYPE_CHECKING:
    from deployer.local.settings import WorldSettings


def _local_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", nargs="?", default="local")


def _up(options: Options) -> int:
    from deployer.verbs import local

    out(local.up(_settings(options)))
    return 0


def _down(options: Options) -> int:
    from deployer.verbs import local

    out(local.down(_settings(options)))
    return 0


def _status(options: Options) -> int:
    from deployer.verbs import local

    out(local.status(_settings(options)))
    return 0


def _env(options: Options) -> int:
    from deployer.verbs import local

    out(local.env(_settings(options)))
    return 0


def _say_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("text", metavar="TEXT", nargs="+")
    parser.add_argument("--from", dest="user", default="15551230000", metavar="NUMBER", help="the user's number")


def _say(options: Options) -> int:
    from deployer.verbs.say import USER, say

    if not re.fullmatch(USER, options.user):
        raise UsageError("--from is not a valid phone number", fix="write 5 to 20 digits, such as 15551230000")
    settings = _settings(options)
    text = " ".join(options.text)
    if not text.strip():
        raise UsageError("the message is empty", fix='just say ENV "What is Ansari?"')
    out(say(settings, text, options.user))
    return 0


def _settings(options: Options) -> WorldSettings:
    from deployer.local.settings import world_settings

    return world_settings(loaded(options))


LOCAL = {
    "up": Verb("start it without deploying", _local_options, _up),
    "down": Verb("stop everything it started", _local_options, _down),
    "status": Verb("show whether it runs, as JSON", _local_options, _status),
    "env": Verb("print the variables that point any AWS client at it", _local_options, _env),
}
VERBS: dict[str, Verb | Group] = {
    "local": Group("the local world", LOCAL),
    "say": Verb("send a text as a WhatsApp user and print the answer", _say_options, _say),
}
