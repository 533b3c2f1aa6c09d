"""The verb that makes a shell complete verbs, options and environments: completion."""

from __future__ import annotations

from deployer.cli.command import Group, Options, Parser, Verb, file
from deployer.cli.terminal import out


def _options(parser: Parser) -> None:
    from deployer.verbs.completion import SHELLS

    parser.add_argument("shell", metavar="SHELL", choices=[*SHELLS], help=" or ".join(SHELLS))


def _completion(options: Options) -> int:
    from deployer.cli import DEPLOYER
    from deployer.verbs.completion import CompletionOptions, write_completion

    parser = Parser("deployer")
    _add_verbs(parser, DEPLOYER)
    out(write_completion(CompletionOptions(shell=options.shell), parser))
    return 0


def _add_verbs(parser: Parser, group: Group) -> None:
    import shtab

    from deployer.verbs.completion import ENVIRONMENTS, SHELLS

    verbs = parser.add_subparsers(metavar="VERB")
    for name, verb in group.verbs.items():
        inner = verbs.add_parser(name, help=verb.help)
        if isinstance(verb, Group):
            _add_verbs(inner, verb)
            continue
        verb.options(inner)
        for action in inner._actions:  # noqa: SLF001 -- argparse shows them nowhere else
            if action.type is file:
                action.complete = shtab.FILE  # type: ignore[attr-defined]
            elif action.metavar in {"ENV", "LEFT", "RIGHT", "SOURCE"}:
                action.complete = dict.fromkeys(SHELLS, ENVIRONMENTS)  # type: ignore[attr-defined]


VERBS = {
    "completion": Verb(
        'print what makes a shell complete verbs: eval "$(deployer completion bash)"', _options, _completion
    )
}
