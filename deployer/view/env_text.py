"""Variables as other tools read them: files for python-dotenv, docker, Compose and a shell, JSON, and GitHub's formats.

Each tool reads back exactly the values that are given here, or UsageError names the variable that its format cannot
hold.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from deployer.errors import UsageError

_PLAIN: Final = re.compile(r"[A-Za-z0-9_./:@%+,-]+")


def dotenv(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """A file for python-dotenv, which replaces `${NAME}` also between single quotes."""
    return _lines(values, absent, _python_dotenv)


def docker(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """A file for `docker run --env-file`, which has no quotes and no escapes. Raises UsageError."""
    return _lines(values, absent, lambda value: value, _why_not_docker)


def compose(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """A file for `env_file` of Docker Compose 2: only double quotes hold every value."""
    return _lines(values, absent, _double_quoted)


def shell(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """A file for `set -a; . ./file` in a POSIX shell."""
    return _lines(values, absent, _shell_quoted)


def json_text(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """A JSON object. JSON has no comments, so `absent` names are left out."""
    del absent
    return json.dumps(values, indent=2, ensure_ascii=False)


def github_env(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """Lines for the file that GITHUB_ENV names. It has no comments, so `absent` names are left out.

    Random letters mark the end of a value, so that no value can end early and set a variable of its own.
    """
    del absent
    mark = f"end-{secrets.token_hex(16)}"
    _refuse_nul(values)
    return "\n".join(f"{name}<<{mark}\n{value}\n{mark}" for name, value in values.items())


FORMATS: Final[Mapping[str, Callable[[Mapping[str, str], Sequence[str]], str]]] = {
    "dotenv": dotenv,
    "docker": docker,
    "compose": compose,
    "shell": shell,
    "json": json_text,
    "github-env": github_env,
}


def github(literals: Mapping[str, str], parameters: Mapping[str, str], root: str) -> str:
    """The two sections of the deployment step: what is passed as it is, and what the target fetches from SSM.

    `parameters` maps a variable to its parameter's name; `root` is the required value of the repository's variable
    SSM_ROOT.
    """
    lines = [f"# vars.SSM_ROOT has to be {root}", "env:"]
    lines += [f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in literals.items()]
    lines += [
        f"  {variable}: ${{{{ format('{{0}}{{1}}', vars.SSM_ROOT, '{name}') }}}}"
        for variable, name in parameters.items()
    ]
    lines += ["with:", "  copy-env-vars: |", *(f"    {name}" for name in literals)]
    return "\n".join([*lines, "  copy-secret-env-vars: |", *(f"    {name}" for name in parameters)])


def _lines(
    values: Mapping[str, str],
    absent: Sequence[str],
    quoted: Callable[[str], str],
    why_not: Callable[[str], str] = lambda _: "",
) -> str:
    """`NAME=value` lines; those of `absent` names are comments."""
    _refuse_nul(values)
    for name, value in values.items():
        if why := why_not(value):
            raise UsageError(
                f"this format cannot hold the value of {name}; nothing was written",
                why=why,
                fix="use --format compose, shell, dotenv or json",
            )
    lines = [f"{name}={quoted(value)}" for name, value in values.items()]
    return "\n".join([*lines, *(f"# {name}=   # a secret" for name in absent)])


def _refuse_nul(values: Mapping[str, str]) -> None:
    if name := next((name for name, value in values.items() if "\0" in value), None):
        raise UsageError(
            f"no environment variable can hold the value of {name}; nothing was written",
            why="it holds a NUL character",
            fix="use --format json, or set another value",
        )


def _python_dotenv(value: str) -> str:
    """Without quotes where they change nothing; else in single quotes.

    `${:-$}` is `$`, from a variable without a name that has this default: nothing else keeps python-dotenv from
    replacing `${NAME}`. A backslash at the end is written so because versions before 1.2 take `\\'` there for a quote.
    A carriage return becomes a line feed where a file is read as text: only double quotes can escape it.
    """
    if _PLAIN.fullmatch(value):
        return value
    last = "${:-\\}" if value.endswith("\\") else ""
    kept = value[:-1] if last else value
    quote = '"' if "\r" in kept else "'"
    escaped = kept.replace("\\", "\\\\").replace(quote, f"\\{quote}").replace("\r", "\\r").replace("${", "${:-$}{")
    return f"{quote}{escaped}{last}{quote}"


def _double_quoted(value: str) -> str:
    """The escapes of compose-go: in single quotes it cannot hold a backslash before a quote, or at the end."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("$", "\\$").replace("\r", "\\r")
    return f'"{escaped}"'


def _shell_quoted(value: str) -> str:
    return value if _PLAIN.fullmatch(value) else "'" + value.replace("'", "'\\''") + "'"


def _why_not_docker(value: str) -> str:
    if "\n" in value:
        return "a value ends with its line, and this one has several"
    if value.endswith("\r"):
        return "a carriage return at the end of a line is removed"
    if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
        return "it begins and ends with a quote, which some versions of docker remove"
    return ""


def render_file(path: Path, *, variables: int, secrets: int) -> str:
    """What was written to a file that only its owner may read."""
    return f"{path}: {variables} variables, {secrets} of them secrets. Only you may read it; keep it out of git."
