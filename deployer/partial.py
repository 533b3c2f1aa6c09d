"""Errors after a change: they list what was done and end with exit code 6, whatever raised them.

An exit code of 1 means that nothing was changed. The clients of AWS and GitHub note here each write that was done, or
may have been, so that this holds for every verb and every exception. A verb that makes several changes counts them
and calls `halted` for the error to report.
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
    """Return the exit code of an error that does not report what was changed."""
    return StateUnknown.exit_code if _written else DeployerError.exit_code


def halted(error: Exception, *, done: int = 0) -> DeployerError | None:
    """Return the error to report when a verb ended between its changes; None if the error itself is right.

    It is right if nothing was changed, or if it reports the state itself. `done` counts the changes that
    the verb has completed.
    """
    from deployer.explain import defect, explain_error  # noqa: PLC0415 -- for an error only

    explained = explain_error(error) or defect(error)
    unchanged = explained.exit_code == DeployerError.exit_code
    return explained if isinstance(explained, LockLost) or (unchanged and (done or _written)) else None


def completed(error: DeployerError) -> DeployerError:
    """Return the error that ends a command. An error that claims no change becomes StateUnknown if that is wrong."""
    if not _written or error.exit_code not in {DeployerError.exit_code, Interrupted.exit_code}:
        return error
    if isinstance(error, Interrupted):
        return error if error.why else Interrupted(error.what, why=f"done before: {_done()}", fix=error.fix)
    fix = f"{error.fix}; {CONTINUES}" if error.fix else CONTINUES
    return StateUnknown(f"{error.what}, after {_done()}", why=error.why, fix=fix)


def _done() -> str:
    return ", ".join(f"{write} ({count})" if count > 1 else write for write, count in _written.items())
