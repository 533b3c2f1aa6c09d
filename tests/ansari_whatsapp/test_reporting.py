"""How often an inbox is counted, and what has expired in it is deleted."""

from __future__ import annotations

import asyncio

import pytest

from ansari_whatsapp.cpu import CpuState
from ansari_whatsapp.inbox import Inbox, InboxUnavailable, MemoryInbox
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.reporting import LOOK_EVERY, report
from ansari_whatsapp.webhook import Message


class Counted(MemoryInbox):
    """Counts the calls."""

    def __init__(self, *, shared: bool, broken: int = 0) -> None:
        super().__init__()
        self.shared, self.broken = shared, broken
        self.counted = self.cleaned = 0

    async def waiting(self) -> int:
        self.counted += 1
        return await super().waiting()

    async def forget(self) -> None:
        self.cleaned += 1
        if self.cleaned <= self.broken:
            raise InboxUnavailable("not now")
        await super().forget()


class Idle:
    """A worker that has nothing to do."""

    under_way = 0


class Held:
    """What keeps the processor; only its state is read."""

    state = CpuState.HELD


def reported(inbox: Inbox, seconds: float) -> Metrics:
    """Report for so many seconds, none of which pass."""
    metrics, slept = Metrics(), 0.0

    async def sleep(pause: float) -> None:
        nonlocal slept
        slept += pause
        if slept >= seconds:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asyncio.run(report(metrics, inbox, Idle(), Held(), sleep))
    return metrics


def test_an_inbox_of_one_instance_is_counted_each_time() -> None:
    inbox = Counted(shared=False)
    reported(inbox, 600)
    assert inbox.counted == inbox.cleaned == 600 / LOOK_EVERY


def test_a_shared_inbox_is_counted_once_a_minute() -> None:
    inbox = Counted(shared=True)
    reported(inbox, 6000)
    assert inbox.cleaned == 6000 / LOOK_EVERY
    assert 80 <= inbox.counted <= 125


def test_instances_do_not_count_at_the_same_moments() -> None:
    def moments() -> list[int]:
        inbox, counts = Counted(shared=True), []
        waiting = inbox.waiting

        async def noted() -> int:
            counts.append(inbox.cleaned)
            return await waiting()

        inbox.waiting = noted  # type: ignore[method-assign]
        reported(inbox, 6000)
        return counts

    assert moments() != moments()


@pytest.mark.parametrize("shared", [True, False])
def test_an_inbox_that_cannot_be_read_is_counted_later(shared: bool) -> None:
    inbox = Counted(shared=shared, broken=3)
    asyncio.run(inbox.put([Message("wamid.1", "15550000001", "text", "x", None)]))
    metrics = reported(inbox, 4 * LOOK_EVERY)
    assert inbox.counted == 1
    assert metrics.embedded()["waiting"] == 1
