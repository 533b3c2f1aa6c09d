"""Every verb of the command line and every argument of each, read from the parsers themselves."""

from __future__ import annotations

import argparse
import functools
from collections.abc import Iterator

from deployer.cli import DEPLOYER
from deployer.cli.command import Group, Parser


@functools.cache
def verbs() -> tuple[tuple[str, tuple[argparse.Action, ...]], ...]:
    """`secret set` and its arguments, without the --help that each has. The parsers are made once."""
    return tuple(_verbs(DEPLOYER, ""))


def _verbs(group: Group, before: str) -> Iterator[tuple[str, tuple[argparse.Action, ...]]]:
    for name, verb in group.verbs.items():
        words = f"{before} {name}".strip()
        if isinstance(verb, Group):
            yield from _verbs(verb, words)
        else:
            parser = Parser(prog=words)
            verb.options(parser)
            listed = parser._actions  # noqa: SLF001 -- argparse tells them nowhere else
            yield words, tuple(action for action in listed if action.dest != "help")


def named(action: argparse.Action) -> str:
    """As a person names it: `--image`, `ENV`."""
    return action.option_strings[-1] if action.option_strings else str(action.metavar)


def command(verb: str, given: dict[str, str]) -> list[str]:
    """The words of a command with these values, each where its argument takes it; "" for an option without one."""
    actions = dict(verbs())[verb]
    words = verb.split()
    for action in actions:
        name = named(action)
        if name not in given:
            continue
        if not action.option_strings:
            words.append(given[name])
        elif action.nargs == 0:
            words.append(name)
        else:
            words.append(f"{name}={given[name]}")
    return words
