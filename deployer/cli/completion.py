"""The verb that makes a shell complete verbs, options and environments: completion."""

from __future__ import annotations

from typing import Final

from deployer.cli.command import Group, Options, Parser, Verb, file
from deployer.cli.terminal import out

_ENVIRONMENTS: Final = "_deployer_environments"  # a function of the shell, which lists those of this folder
_DEFINED: Final = {
    "bash": f'{_ENVIRONMENTS}() {{ compgen -W "$(basename -as .yaml env/*.yaml 2>/dev/null)" -- "$1"; }}',
    "zsh": f"{_ENVIRONMENTS}() {{ local -a names; names=(env/*.yaml(N:t:r)); _describe environment names; }}",
}


def _options(parser: Parser) -> None:
    parser.add_argument("shell", metavar="SHELL", choices=[*_DEFINED], help=" or ".join(_DEFINED))


def _completion(options: Options) -> int:
    import shtab

    from deployer.cli import DEPLOYER

    parser = Parser("deployer")
    _add_verbs(parser, DEPLOYER)
    out(shtab.complete(parser, options.shell, preamble=_DEFINED[options.shell]))
    return 0


def _add_verbs(parser: Parser, group: Group) -> None:
    import shtab

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
                action.complete = dict.fromkeys(_DEFINED, _ENVIRONMENTS)  # type: ignore[attr-defined]


VERBS = {
    "completion": Verb(
        'print what makes a shell complete verbs: eval "$(deployer completion bash)"', _options, _completion
    )
}
