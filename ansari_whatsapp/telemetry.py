"""JSON log lines on stdout, without phone numbers, texts or tokens."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import secrets
import sys
import time
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from ansari_whatsapp.metrics import Metrics

_KEY = secrets.token_bytes(16)  # new at every start: a number cannot be looked up in old lines
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}

log = logging.getLogger("ansari_whatsapp")


def who(user: str) -> str:
    """Return a pseudonym for a user in logs: the same during one run, and not traceable to the number."""
    return hmac.new(_KEY, user.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:10]


class JsonLines(logging.Formatter):
    """Formats one object per line: time, level, event, and the values of `extra`. Exceptions show type and source only.

    Messages of libraries are shown without their arguments, which may contain an address with a token or a number.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03}Z",
            "level": record.levelname,
        }
        if record.name == log.name:
            line["event"] = record.getMessage()
            line |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        else:
            line["event"] = str(record.msg).partition("\n")[0]
            line["logger"] = record.name
        if record.exc_info and record.exc_info[1] is not None:
            line["error"] = type(record.exc_info[1]).__name__
            at = record.exc_info[2]
            while at is not None and at.tb_next is not None:
                at = at.tb_next
            if at is not None:
                line["at"] = f"{at.tb_frame.f_code.co_filename.rpartition('/')[2]}:{at.tb_lineno}"
        return json.dumps(line, default=str)


def configure(level: str, stream: TextIO = sys.stdout) -> None:
    """Write this package's log lines, and warnings of libraries, to the stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.raiseExceptions = False  # or a line that cannot be written is shown on stderr with all that is in it
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(level)


def write_metrics(metrics: Metrics, stream: TextIO | None = None) -> None:
    """Write what changed since the last call as a line that CloudWatch turns into metrics."""
    if line := metrics.embedded():
        print(json.dumps(line), file=stream or sys.stdout, flush=True)
