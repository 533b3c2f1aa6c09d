"""Variables as other tools read them: a dotenv file, or the sections of GitHub's amazon-app-runner-deploy."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence

_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,-]+")


def dotenv(values: Mapping[str, str], absent: Sequence[str] = ()) -> str:
    """Lines that python-dotenv reads back as they are; those of `absent` names are comments."""
    lines = [f"{name}={_quoted(value)}" for name, value in values.items()]
    return "\n".join([*lines, *(f"# {name}=   # a secret" for name in absent)])


def github(literals: Mapping[str, str], parameters: Mapping[str, str], root: str) -> str:
    """The two sections of the deployment step: what is passed as it is, and what App Runner fetches from SSM.

    `parameters` maps a variable to its parameter's name; `root` is what the repository's variable SSM_ROOT has to be.
    """
    lines = [f"# vars.SSM_ROOT has to be {root}", "env:"]
    lines += [f"  {name}: {json.dumps(value, ensure_ascii=False)}" for name, value in literals.items()]
    lines += [
        f"  {variable}: ${{{{ format('{{0}}{{1}}', vars.SSM_ROOT, '{name}') }}}}"
        for variable, name in parameters.items()
    ]
    lines += ["with:", "  copy-env-vars: |", *(f"    {name}" for name in literals)]
    return "\n".join([*lines, "  copy-secret-env-vars: |", *(f"    {name}" for name in parameters)])


def _quoted(value: str) -> str:
    """Without quotes where they change nothing; single ones, in which nothing is replaced."""
    if _PLAIN.fullmatch(value):
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"
