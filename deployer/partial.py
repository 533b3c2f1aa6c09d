"""Errors after something was changed: they say what was done and end with exit code 6, whatever raised them.

An exit code of 1 says that nothing was changed. The clients of AWS and GitHub note here each write that was done, or
may have been, so that this holds for every verb and every exception. A verb that makes several changes counts them
besides, and asks `halted` what to report.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

from deployer.errors import DeployerError, Interrupted, LockLost, StateUnknown

CONTINUES: Final = "what was done stays; the next run continues from there"

_written: Counter[str] = Counter()


def note(write: str) -> None:
    """Remember a write that was done, or may have been, such as "ssm:PutParameter"."""
    _written[write] += 1


def forget() -> None:
    """Forget every write: the next command of this process starts with none."""
    _written.clear()


def exit_code() -> int:
    """The exit code of an error that says nothing of what was changed."""
    return StateUnknown.exit_code if _written else DeployerError.exit_code


def halted(error: Exception, *, done: int = 0) -> DeployerError | None:
    """What to report of an error that ended a verb between its changes; None when the error itself is right.

    It is right when nothing was changed, and when it says itself what state it leaves. `done` counts the changes that
    the verb has completed.
    """
    from deployer.explain import defect, explain  # noqa: PLC0415 -- for an error only

    told = explain(error) or defect(error)
    unchanged = told.exit_code == DeployerError.exit_code
    return told if isinstance(told, LockLost) or (unchanged and (done or _written)) else None


def completed(error: DeployerError) -> DeployerError:
    """The error that ends a command. One that says that nothing was changed becomes StateUnknown when that is wrong."""
    if not _written or error.exit_code not in {DeployerError.exit_code, Interrupted.exit_code}:
        return error
    if isinstance(error, Interrupted):
        return error if error.why else Interrupted(error.what, why=f"done before: {_done()}", fix=error.fix)
    fix = f"{error.fix}; {CONTINUES}" if error.fix else CONTINUES
    return StateUnknown(f"{error.what}, after {_done()}", why=error.why, fix=fix)


def _done() -> str:
    return ", ".join(f"{write} ({count})" if count > 1 else write for write, count in _written.items())
