"""Start the deployer: `deployer ...` or `python -m deployer ...`."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import NoReturn

from deployer import cli, partial, secrecy
from deployer.errors import DeployerError, Interrupted
from deployer.view.progress import write

GARBAGE_AFTER = 500_000  # new objects: more than a verb makes. The default of 700 searches a hundred times on the way


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a verb and return its exit code; every error becomes words on stderr, never a traceback."""
    secrecy.forget()
    partial.forget()
    secrecy.remember_environment(os.environ)
    try:
        return cli.run(sys.argv[1:] if arguments is None else arguments)
    except DeployerError as error:
        if error.__cause__ is not None and os.environ.get("DEPLOYER_TRACEBACK"):
            _trace(error.__cause__)
        return _tell(error)
    except KeyboardInterrupt:
        return _tell(Interrupted("interrupted", fix="run the same command again: it continues where this one stopped"))
    except BrokenPipeError as error:
        if partial.exit_code() != DeployerError.exit_code:
            return _unexpected(error)
        sys.stderr.close()  # whoever read our output has left; there is nobody to tell
        return 1
    except Exception as error:  # noqa: BLE001 -- a traceback is no answer
        return _unexpected(error)


def _unexpected(error: Exception) -> int:
    """Report an exception of a library or the system, or a defect; as a traceback when DEPLOYER_TRACEBACK is set."""
    if os.environ.get("DEPLOYER_TRACEBACK"):
        return _trace(error)
    from deployer.explain import defect, explain_error

    return _tell(explain_error(error) or defect(error))


def _trace(error: BaseException) -> int:
    """Return where an error happened, for a bug report, and the messages of its chain, first cause first."""
    import traceback

    chain: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in chain:
        chain.insert(0, one)
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    lines = [line for one in chain for line in (*traceback.format_tb(one.__traceback__), _message(one))]
    with suppress(OSError):
        write("".join(lines), sys.stderr)
    return partial.exit_code()


def _message(error: BaseException) -> str:
    """Pydantic repeats the beginning and the end of what it validated: parts of a secret, which nothing recognises."""
    kind = type(error)
    message = "(message not shown)" if kind.__module__.startswith("pydantic") else str(error)
    return f"{kind.__module__}.{kind.__qualname__}: {message}\n"


def _tell(error: DeployerError) -> int:
    error = partial.completed(error)
    with suppress(OSError):  # nobody can be told
        write(f"error: {error}\n", sys.stderr)
    return error.exit_code


def run() -> NoReturn:
    """The console script. A verb is short: it does not stop to search for garbage, nor to tidy memory at its end.

    SIGTERM and SIGHUP end it as Ctrl-C does: in order, reporting what was started. A hangup that the caller ignores,
    as nohup does, stays ignored. At the end every file and connection that
    matters is closed and the lock is given back; what is left is memory, which the system takes faster than the
    interpreter can free it.
    """
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started it
            setattr(sys, name, open(os.devnull, "w"))  # noqa: PTH123, SIM115 -- for as long as the process lives
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, signal.default_int_handler)
    gc.set_threshold(GARBAGE_AFTER)
    code = main()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        code = code or 1
    except OSError as error:
        code = code or _unexpected(error)
    os._exit(code)


if __name__ == "__main__":
    run()
