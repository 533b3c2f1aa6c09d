"""The verbs of the local world: `deployer local ...`, and say."""

from __future__ import annotations

from deployer.cli.command import Group, Options, Parser, Verb, names_environment
from deployer.cli.terminal import out


def _local_options(parser: Parser) -> None:
    parser.add_argument("environment", metavar="ENV", nargs="?", default="local")


def _up(options: Options) -> int:
    from deployer.verbs.local.up import UpOptions, start_world
    from deployer.view.local_text import render_up

    world = start_world(UpOptions(environment=options.environment))
    out(render_up(world.pid, world.endpoint, world.upstream, world.log, started=world.started))
    return 0


def _down(options: Options) -> int:
    from deployer.verbs.local.down import DownOptions, stop_world
    from deployer.view.local_text import render_down

    world = stop_world(DownOptions(environment=options.environment))
    out(render_down(stopped=world.stopped))
    return 0


def _status(options: Options) -> int:
    from deployer.verbs.local.status import StatusOptions, find_world
    from deployer.view.local_text import no_world_json, world_json

    world = find_world(StatusOptions(environment=options.environment))
    out(no_world_json() if world is None else world_json(world.pid, world.ports, world.root))
    return 0


def _env(options: Options) -> int:
    from deployer.verbs.local.env import EnvOptions, describe_access
    from deployer.view.local_text import render_exports

    access = describe_access(EnvOptions(environment=options.environment))
    out(render_exports(access.values))
    return 0


def _kill_instance_options(parser: Parser) -> None:
    _local_options(parser)
    parser.add_argument("--instance", metavar="NAME", help="how its name begins; default: the oldest")


def _kill_instance(options: Options) -> int:
    from deployer.verbs.local.kill_instance import KillInstanceOptions, kill_chosen_instance
    from deployer.view.local_text import render_killed

    killed = kill_chosen_instance(KillInstanceOptions(environment=options.environment, instance=options.instance))
    out(render_killed(killed.name, killed.service, killed.pid))
    return 0


def _say_options(parser: Parser) -> None:
    names_environment(parser)
    parser.add_argument("text", metavar="TEXT", nargs="+")
    parser.add_argument("--from", dest="user", default="15551230000", metavar="NUMBER", help="the user's number")


def _say(options: Options) -> int:
    from deployer.verbs.say import SayOptions, send_message

    asked = SayOptions(environment=options.environment, text=" ".join(options.text), user=options.user)
    answer = send_message(asked)
    out("\n\n".join(answer.parts))
    return 0


LOCAL = {
    "up": Verb("start it without deploying", _local_options, _up),
    "down": Verb("stop everything it started", _local_options, _down),
    "status": Verb("show whether it runs, as JSON", _local_options, _status),
    "env": Verb("print the variables that point any AWS client at it", _local_options, _env),
    "kill-instance": Verb("kill an instance of the service, with its disk", _kill_instance_options, _kill_instance),
}
VERBS: dict[str, Verb | Group] = {
    "local": Group("the local world", LOCAL),
    "say": Verb("send a text as a WhatsApp user and print the answer", _say_options, _say),
}
