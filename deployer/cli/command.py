"""A verb of the command line: what it is called, what may follow it, and the function that does it."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple, NoReturn, TypeAlias

from deployer.errors import UsageError

Options: TypeAlias = argparse.Namespace


class Parser(argparse.ArgumentParser):
    """argparse exits with 2 on bad usage; here 2 means "changes pending".

    An empty argument is refused: it is a variable of a script that was not set, and never what was meant. An error
    repeats no argument that the verb does not take: it may be a secret.
    """

    secret = False  # whether the verb reads a secret's value, so that a stray argument is taken for one

    def __init__(self, prog: str, description: str | None = None) -> None:
        super().__init__(prog=prog, description=description)
        self.register("type", None, _given)

    def parse(self, words: Sequence[str]) -> Options:
        """The options that the words give. Raises UsageError."""
        options, unknown = self.parse_known_args(words)
        if unknown:
            raise self._stray(unknown)
        return options

    def _stray(self, unknown: Sequence[str]) -> UsageError:
        if self.secret:
            return UsageError(
                f"{self.prog}: a secret's value is never taken from the command line; nothing was changed",
                why="other users of this machine can read it there, and the shell's history keeps it: if this was"
                " the real value, replace it where it was issued",
                fix="just secret set ENV NAME asks for the value; or: just secret set ENV NAME --file FILE",
            )
        options = [word.partition("=")[0] for word in unknown if re.match("--[a-z]", word)]
        count = len(unknown) - len(options)
        beside = f"{count} argument{'s' if count > 1 else ''} too many" if count else ""
        named = f"unknown option {', '.join(options)}" if options else ""
        if len(options) == 1 and (meant := _meant(options[0], self._option_string_actions)):
            named += f" (did you mean {meant}?)"
        return UsageError(f"{self.prog}: {', '.join(filter(None, (named, beside)))}", fix=f"just {self.prog} --help")

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{self.prog}: {_in_our_words(message)}", fix=f"just {self.prog} --help")


def _meant(word: str, known: Collection[str]) -> str | None:
    """The known word that was probably meant."""
    from deployer.manifest.spelling import close

    return close(word, known)


def _in_our_words(message: str) -> str:
    """argparse's message in plain words, and without the argument that it repeats, which may be a secret."""
    for pattern, ours in _OURS:
        message = pattern.sub(ours, message)
    return message


_OURS: Final = [
    (re.compile(pattern, re.DOTALL), ours)
    for pattern, ours in (
        (r"invalid int value: .*", "a whole number is needed"),
        (r"(invalid \w+ value): .*", r"\1"),
        (r"invalid choice: .* \(choose from (.*)\)", r"it must be one of \1"),
        (r"ignored explicit argument .*", "it takes no value"),
        (r"(ambiguous option: [^=\s]*)=.* could match", r"\1 could match"),
        (r"expected (?:one|at least one) argument", "its value is missing"),
        (r"the following arguments are required: ", "missing: "),
        (r"^argument ", ""),
    )
]


def _given(text: str) -> str:
    if not text:
        raise argparse.ArgumentTypeError("it is empty; check where its value comes from")
    return text


def file(text: str) -> Path:
    """An argument that names a file: "" would name the current directory."""
    return Path(_given(text))


class Verb(NamedTuple):
    help: str
    options: Callable[[Parser], None]
    run: Callable[[Options], int]


class Group(NamedTuple):
    help: str
    verbs: Mapping[str, Verb | Group]


def choose(program: str, group: Group, words: Sequence[str]) -> tuple[Callable[[Options], int], Options]:
    """The verb that the first words name, and its options. Raises UsageError.

    Only the chosen verb's parser is built: to build them all takes longer than to read a small manifest.
    """
    chosen = group.verbs.get(words[0]) if words else None
    if chosen is None:
        if words and (meant := _meant(words[0], group.verbs)):
            raise UsageError(
                f"{program}: there is no such verb; did you mean {meant}?", fix=f"just {program} {meant} --help"
            )
        _listing(program, group).parse_args(words)
        raise UsageError(f"{program}: a verb comes first", fix=f"just {program} --help")
    name = f"{program} {words[0]}"
    if isinstance(chosen, Group):
        return choose(name, chosen, words[1:])
    parser = Parser(prog=name, description=chosen.help)
    chosen.options(parser)
    return chosen.run, parser.parse(words[1:])


def _listing(program: str, group: Group) -> Parser:
    """Knows the names only: it prints the help, or refuses a verb that does not exist."""
    parser = Parser(prog=program, description=group.help)
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, verb in group.verbs.items():
        verbs.add_parser(name, help=verb.help)
    return parser


def names_environment(parser: Parser, name: str = "environment", metavar: str = "ENV") -> None:
    parser.add_argument(name, metavar=metavar, help="such as local, staging, or a manifest's path")


def accepts_json(parser: Parser, kind: str, text: str = "for programs") -> None:
    """`kind` is what `deployer schema` calls the document."""
    parser.add_argument("--json", action="store_true", help=f"{text}: deployer schema {kind}")
