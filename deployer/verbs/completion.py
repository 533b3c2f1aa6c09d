"""`deployer completion SHELL`: print what makes a shell complete verbs, options and environments."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Final

from msgspec import Struct

ENVIRONMENTS: Final = "_deployer_environments"  # a function of the shell, which lists those of this folder
SHELLS: Final = {
    "bash": f'{ENVIRONMENTS}() {{ compgen -W "$(basename -as .yaml env/*.yaml 2>/dev/null)" -- "$1"; }}',
    "zsh": f"{ENVIRONMENTS}() {{ local -a names; names=(env/*.yaml(N:t:r)); _describe environment names; }}",
}


class CompletionOptions(Struct, frozen=True, kw_only=True):
    """`shell` is one of SHELLS."""

    shell: str


def write_completion(options: CompletionOptions, parser: ArgumentParser) -> str:
    """The shell's functions for the verbs of a parser, whose arguments say how each is completed."""
    import shtab  # noqa: PLC0415 -- the parsers of verbs are built without it

    return str(shtab.complete(parser, options.shell, preamble=SHELLS[options.shell]))
