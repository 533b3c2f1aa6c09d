"""Send log lines to CloudWatch Logs in batches: lines that arrive during a call go into the next one."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient

    from deployer.local.clients import Clients

BATCH_EVENTS = 2000
BATCH_BYTES = 900_000  # PutLogEvents takes 1 MiB, with 26 bytes counted for each event
LONGEST = 200_000  # characters of one line
WAITING_MOST = 100_000  # lines; a service that writes faster than this is not worth the memory
PAUSE = 0.05  # seconds in which a batch gathers


@dataclass(frozen=True)
class _Line:
    group: str
    stream: str
    milliseconds: int
    message: str


class LogShipper:
    """Takes lines from any thread, and sends them from a thread of its own, which sleeps while no line waits."""

    def __init__(self, clients: Clients) -> None:
        self._clients = clients
        self._queue: queue.SimpleQueue[_Line | threading.Event | None] = queue.SimpleQueue()
        self._known: set[tuple[str, str]] = set()
        self._thread = threading.Thread(target=self._run, name="log-shipper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, group: str, stream: str, message: str) -> None:
        """Queue a line. Blank lines are dropped: CloudWatch Logs refuses them."""
        if message.strip() and self._queue.qsize() < WAITING_MOST:
            self._queue.put(_Line(group, stream, time.time_ns() // 1_000_000, message[:LONGEST]))

    def flush(self, timeout: float) -> bool:
        """Wait until everything put so far is sent; False when that took too long."""
        done = threading.Event()
        self._queue.put(done)
        return done.wait(timeout)

    def stop(self) -> None:
        self._queue.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while True:
            lines: list[_Line] = []
            signals: list[threading.Event] = []
            item = self._queue.get()
            deadline = time.monotonic() + PAUSE
            while isinstance(item, _Line) and len(lines) < BATCH_EVENTS:
                lines.append(item)
                try:
                    item = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
                except queue.Empty:
                    break
            else:
                if isinstance(item, _Line):
                    lines.append(item)
                elif item is not None:
                    signals.append(item)
            self._send(lines)
            for signal in signals:
                signal.set()
            if item is None:
                return

    def _send(self, lines: list[_Line]) -> None:
        streams: dict[tuple[str, str], list[_Line]] = defaultdict(list)
        for line in lines:
            streams[line.group, line.stream].append(line)
        for stream, batch in streams.items():
            for part in _parts(batch):
                self._put(stream, part)

    def _put(self, stream: tuple[str, str], lines: list[_Line]) -> None:
        """Write the lines; ignore failures, because a log must not stop its service."""
        logs = self._clients.logs
        for _ in range(2):
            try:
                if stream not in self._known:
                    _create(logs, *stream)
                    self._known.add(stream)
                logs.put_log_events(
                    logGroupName=stream[0],
                    logStreamName=stream[1],
                    logEvents=[{"timestamp": line.milliseconds, "message": line.message} for line in lines],
                )
            except logs.exceptions.ResourceNotFoundException:
                self._known.discard(stream)  # somebody deleted the group
            except (BotoCoreError, ClientError):
                return
            else:
                return


def _parts(lines: list[_Line]) -> list[list[_Line]]:
    parts: list[list[_Line]] = [[]]
    size = 0
    for line in lines:
        cost = len(line.message.encode()) + 26
        if parts[-1] and size + cost > BATCH_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(line)
        size += cost
    return parts


def _create(logs: CloudWatchLogsClient, group: str, stream: str) -> None:
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_group(logGroupName=group)
    with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
        logs.create_log_stream(logGroupName=group, logStreamName=stream)
