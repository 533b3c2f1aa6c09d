"""How often an upstream service is checked, and what of it is reported."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ansari_whatsapp.inbox import InboxUnavailable, MemoryInbox
from ansari_whatsapp.readiness import HOUR, Check, Counting, Counts
from ansari_whatsapp.webhook import Message


class Upstream:
    """Counts how often it is asked, and answers with the next reason."""

    def __init__(self) -> None:
        self.now, self.asked, self.answer = 1000.0, 0, ""

    async def ask(self) -> str:
        self.asked += 1
        return self.answer


def run(made: Check, upstream: Upstream, *steps: tuple[float, str]) -> list[str]:
    """What is reported after each step: so many seconds later, with this answer."""

    async def go() -> list[str]:
        found = []
        for seconds, answer in steps:
            upstream.now += seconds
            upstream.answer = answer
            found.append(await made.reason())
        return found

    return asyncio.run(go())


def check(per_hour: int | None) -> tuple[Check, Upstream]:
    upstream = Upstream()
    clock: Callable[[], float] = lambda: upstream.now  # noqa: E731
    return Check(upstream.ask, per_hour, clock), upstream


def test_a_result_is_kept_for_a_second() -> None:
    made, upstream = check(None)
    assert run(made, upstream, (0, ""), (0.9, "down"), (0.1, "down"), (0.5, "")) == ["", "", "down", "down"]
    assert upstream.asked == 2


def test_no_more_checks_than_allowed_are_made_in_any_hour() -> None:
    made, upstream = check(3)
    assert run(made, upstream, (0, ""), (10, ""), (10, ""), (10, "down"), (1000, "down")) == [""] * 5
    assert upstream.asked == 3
    assert run(made, upstream, (HOUR - 1030, "down"), (1, "")) == ["down", "down"]
    assert upstream.asked == 4


def test_without_a_limit_it_is_checked_every_second() -> None:
    made, upstream = check(None)
    run(made, upstream, *[(1.0, "")] * 500)
    assert upstream.asked == 500


def test_those_who_ask_together_share_one_check() -> None:
    made, upstream = check(None)

    async def together() -> list[str]:
        return list(await asyncio.gather(*(made.reason() for _ in range(20))))

    assert (asyncio.run(together()), upstream.asked) == ([""] * 20, 1)


class Counted(MemoryInbox):
    """Counts how often it is counted; it can be read unless `broken`."""

    counted, broken = 0, False

    async def waiting(self) -> int:
        self.counted += 1
        if self.broken:
            raise InboxUnavailable("the disk is gone")
        return await super().waiting()


def test_the_numbers_of_the_inbox_are_kept_for_a_second_and_failures_are_not() -> None:
    async def test() -> None:
        upstream, inbox = Upstream(), Counted(clock=lambda: 1.0)
        counting = Counting(inbox, lambda: upstream.now)
        assert await asyncio.gather(*(counting.counts() for _ in range(5))) == [Counts(0, 0, None)] * 5
        await inbox.put([Message("wamid.1", "15550000001", "text", "x", None)])
        upstream.now += 0.9
        assert await counting.counts() == Counts(0, 0, None)
        assert inbox.counted == 1
        upstream.now += 0.1
        assert await counting.counts() == Counts(1, 0, 1.0)
        inbox.broken = True
        upstream.now += 1
        assert await counting.counts() is None
        inbox.broken = False
        assert await counting.counts() == Counts(1, 0, 1.0)
        assert inbox.counted == 4

    asyncio.run(test())
