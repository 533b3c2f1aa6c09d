"""How the lease of a job is kept while it is being answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ansari_whatsapp.inbox import InboxUnavailable, Job, LeaseLost, MemoryInbox, State
from ansari_whatsapp.lease import Lease
from ansari_whatsapp.webhook import Message
from tests.ansari_whatsapp.eager import Eager
from tests.ansari_whatsapp.world import WITHIN

MESSAGES = [Message(f"wamid.{number}", "15550000001", "text", "x", None) for number in range(2)]


class Clocks:
    """A wall clock and a monotonic clock; time passes on both, or the wall clock is set."""

    def __init__(self) -> None:
        self.wall, self.monotonic = 1000.0, 5.0

    def pass_(self, seconds: float) -> None:
        self.wall += seconds
        self.monotonic += seconds


class Recording(MemoryInbox):
    """Counts extensions; the first `failures` of them fail."""

    def __init__(self, failures: int = 0) -> None:
        super().__init__()
        self.failures, self.extended = failures, 0

    async def extend(self, job: Job, until: float) -> None:
        if self.failures:
            self.failures -= 1
            raise InboxUnavailable("not now")
        self.extended += 1
        await super().extend(job, until)


async def leased(inbox: MemoryInbox, clocks: Clocks, seconds: float = 60.0) -> Lease:
    await inbox.put(MESSAGES)
    job = await inbox.lease(clocks.wall, clocks.wall + seconds)
    assert job is not None
    until = clocks.wall + seconds
    return Lease(inbox, job, seconds, until, lambda: clocks.wall, lambda: clocks.monotonic)


@pytest.mark.parametrize(("wall", "monotonic", "left"), [(10, 10, 50), (0, 61, -1), (61, 0, -1), (-3600, 20, 40)])
def test_a_lease_ends_when_either_clock_has_passed_its_end(wall: float, monotonic: float, left: float) -> None:
    async def test() -> None:
        clocks = Clocks()
        lease = await leased(MemoryInbox(), clocks)
        clocks.wall += wall
        clocks.monotonic += monotonic
        assert lease.left == left

    asyncio.run(test())


@pytest.mark.parametrize(("passed", "extended"), [(0, 0), (30, 0), (39, 0), (41, 1), (60, 1), (3600, 1)])
def test_a_lease_is_extended_before_its_use_only_if_it_ends_soon(passed: float, extended: int) -> None:
    async def test() -> None:
        clocks, inbox = Clocks(), Recording()
        lease = await leased(inbox, clocks)
        clocks.pass_(passed)
        await lease.ensure()
        assert inbox.extended == extended
        assert lease.left == (60 if extended else 60 - passed)

    asyncio.run(test())


def test_a_lease_that_another_has_cannot_be_extended() -> None:
    async def test() -> None:
        clocks, inbox = Clocks(), MemoryInbox()
        lease = await leased(inbox, clocks)
        clocks.pass_(61)
        assert await inbox.lease(clocks.wall, clocks.wall + 60) is not None
        with pytest.raises(LeaseLost):
            await lease.ensure()

    asyncio.run(test())


async def kept(lease: Lease, clocks: Clocks, inbox: Recording, extended: int) -> None:
    """Pass time until the lease was extended that often."""
    keeper = asyncio.create_task(lease.keep())
    async with asyncio.timeout(WITHIN):
        while inbox.extended < extended:
            assert not keeper.done()
            await asyncio.sleep(0.001)
            clocks.pass_(0.001)
    keeper.cancel()


@pytest.mark.parametrize("failures", [0, 2])
def test_a_lease_is_kept_although_an_extension_fails(failures: int) -> None:
    async def test() -> None:
        clocks, inbox = Clocks(), Recording(failures)
        lease = await leased(inbox, clocks, 0.2)
        begin = clocks.wall
        await kept(lease, clocks, inbox, 1)
        assert clocks.wall - begin >= 0.1, "not before half of the lease is over"
        assert lease.left > 0.1

    asyncio.run(test())


def test_the_keeper_ends_when_another_has_the_job() -> None:
    async def test() -> None:
        clocks, inbox = Clocks(), MemoryInbox()
        lease = await leased(inbox, clocks, 0.05)
        clocks.pass_(1)
        assert await inbox.lease(clocks.wall, clocks.wall + 60) is not None
        async with asyncio.timeout(WITHIN):
            await lease.keep()

    asyncio.run(test())


def test_the_keeper_does_not_mind_the_end_of_the_job() -> None:
    """The job is finished while its lease is being extended."""

    class Slow(Eager):
        lessee: Lease

        async def extend(self, job: Job, until: float) -> None:
            lease = self.lessee
            following = await lease.finish(replace(lease.job, state=State.ANSWERED, sent=0), State.DONE)
            assert following is not None
            await super().extend(job, until)

    async def test() -> None:
        clocks, inbox = Clocks(), Slow()
        lease = await leased(inbox, clocks, 0.05)
        inbox.lessee = lease
        clocks.pass_(0.04)
        keeper = asyncio.create_task(lease.keep())
        async with asyncio.timeout(WITHIN):
            while lease.job.message == MESSAGES[0]:  # noqa: ASYNC110 -- a lease tells nobody
                await asyncio.sleep(0.001)
        clocks.pass_(-1)  # nothing more is extended
        await asyncio.sleep(0.01)
        assert not keeper.done()
        assert (lease.held, lease.job.message) == (True, MESSAGES[1])
        keeper.cancel()

    asyncio.run(test())


def test_the_next_job_has_the_lease_of_the_one_before_until_it_is_extended() -> None:
    async def test() -> None:
        clocks, inbox = Clocks(), Eager()
        lease = await leased(inbox, clocks)
        clocks.pass_(25)
        following = await lease.finish(lease.job, State.DONE)
        assert following is not None
        assert (lease.job, lease.held, lease.left) == (following, True, 35)
        await lease.extend()
        assert await lease.finish(lease.job, State.DONE) is None
        assert not lease.held

    asyncio.run(test())
