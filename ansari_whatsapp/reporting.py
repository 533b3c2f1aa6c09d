"""Set the gauges, delete what has expired, and write the metrics, again and again."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, Protocol

from ansari_whatsapp.cpu import CpuState
from ansari_whatsapp.inbox import Inbox, InboxUnavailable
from ansari_whatsapp.metrics import EVERY, Metrics
from ansari_whatsapp.telemetry import write_metrics

LOOK_EVERY: Final = 5.0  # seconds
COUNT_EVERY: Final = 60.0  # seconds between two counts of a shared inbox, where each costs a call


class Busy(Protocol):
    """What the report needs of the worker."""

    @property
    def under_way(self) -> int: ...


class Processor(Protocol):
    """What the report needs of the processor's keeper."""

    @property
    def state(self) -> CpuState: ...


async def report(
    metrics: Metrics,
    inbox: Inbox,
    worker: Busy,
    cpu: Processor,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Delete what has expired and set the gauges each LOOK_EVERY, and write a line for CloudWatch each EVERY.

    What waits in a shared inbox is counted once a minute, a little earlier or later so that many instances do not count
    at the same moment.
    """
    since_count = since_line = due = 0.0
    while True:
        with suppress(InboxUnavailable):
            await inbox.forget()
            if since_count >= due:
                since_count, due = 0.0, _until_next_count(inbox)
                oldest = await inbox.oldest()
                metrics.waiting.set(await inbox.waiting())
                metrics.oldest_seconds.set(0.0 if oldest is None else max(0.0, time.time() - oldest))
        metrics.under_way.set(worker.under_way)
        metrics.unheld.set(cpu.state is CpuState.UNHELD)
        metrics.tasks.set(len(asyncio.all_tasks()))
        since_count += LOOK_EVERY
        since_line += LOOK_EVERY
        if since_line >= EVERY:
            since_line = 0.0
            write_metrics(metrics)
        await sleep(LOOK_EVERY)


def _until_next_count(inbox: Inbox) -> float:
    return COUNT_EVERY * random.uniform(0.8, 1.2) if inbox.shared else LOOK_EVERY  # noqa: S311
