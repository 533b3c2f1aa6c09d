"""Every error a user can meet, and the exit code each one ends with.

DeployerError                 1  nothing was changed
├── UsageError                3  the command line asks for something that does not exist
├── InvalidManifest           3  the manifest holds problems, each on its line
├── Blocked                   3  the plan cannot be applied until something outside it is fixed
├── Refused                   4  stale plan, lock held, protection, or declined
├── DeploymentFailed          5  the new release failed; the previous one is serving
├── StateUnknown              6  failed partway, or the outcome is not known
│   └── LockLost              6  another run took the environment's lock; this one stopped before its next change
├── StatusUnknown            14  `status --exit-code` could not read the state; nothing was changed
└── Interrupted             130  stopped by the user; reports what was started and how to follow it

An error states what happened, why, and what to do next. It never holds a secret.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import ClassVar, Final

from deployer.secrecy import without_secrets
from deployer.view.safe import hanging, one_line, terminal

JUST: Final = "just"
DEPLOYER: Final = "deployer"
INDENT: Final = 7  # columns before the second line of a cause or a fix


class DeployerError(Exception):
    """What happened, why it happened, and what to do about it."""

    exit_code: ClassVar[int] = 1

    def __init__(self, what: str, *, why: str = "", fix: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.fix = fix

    def __str__(self) -> str:
        """The error as the lines a terminal shows after `error: `."""
        return "\n".join(error_lines(self.what, self.why, as_typed(self.fix)))


def error_lines(what: str, why: str, fix: str) -> list[str]:
    """Return the lines of an error: `what`, then `why` and `fix` if given, with their own lines indented.

    All three may quote AWS, GitHub, a tool or a file: none of their lines begins where one of ours does. Secrets are
    hidden before the text is changed, because a changed secret is not recognised.
    """
    more = [(name, terminal(without_secrets(text))) for name, text in (("why", why), ("fix", fix)) if text]
    return [one_line(without_secrets(what)), *(f"  {name}: {hanging(text, INDENT)}" for name, text in more)]


def as_typed(advice: str) -> str:
    """Return advice with its commands as this user types them: `./just` where no just is installed.

    A project without recipes has `deployer` alone.
    """
    typed = os.environ.get("DEPLOYER_JUST") or _command()
    if typed == DEPLOYER:
        advice = re.sub(r"(?<![\w./-])just (?=(?:up|down) )", "just local ", advice)
        advice = re.sub(r"(?<![\w./-])just (?=deployer )", "", advice)
    return re.sub(r"(?<![\w./-])just (?=[a-z])", f"{typed} ", advice)


@lru_cache(maxsize=1)
def _command() -> str:
    """Return `just` inside a project with recipes, and outside of any project."""
    from deployer.project import find_root  # noqa: PLC0415 -- it raises the errors of this module

    try:
        return JUST if (find_root(Path.cwd()) / "Justfile").is_file() else DEPLOYER
    except (UsageError, OSError):
        return JUST


class UsageError(DeployerError):
    exit_code = 3


class InvalidManifest(DeployerError):
    exit_code = 3


class Blocked(DeployerError):
    exit_code = 3


class Refused(DeployerError):
    exit_code = 4


class DeploymentFailed(DeployerError):
    exit_code = 5


class StateUnknown(DeployerError):
    exit_code = 6


class LockLost(StateUnknown):
    """This run no longer holds the lock, so it changes nothing more. `why` holds how it was lost."""

    def __init__(self, environment: str, why: str) -> None:
        super().__init__(
            f"this run lost the lock of {environment} and stopped before its next change",
            why=why,
            fix=f"see what the other run does: just status {environment}",
        )


class StatusUnknown(DeployerError):
    exit_code = 14


class Interrupted(DeployerError):
    exit_code = 130
