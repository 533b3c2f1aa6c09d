"""The requests that bring work to an instance: who waits for which of them."""

from __future__ import annotations

import asyncio

from ansari_whatsapp.announcer import Announcer
from ansari_whatsapp.metrics import Metrics
from ansari_whatsapp.public_address import PublicAddress
from tests.ansari_whatsapp.receiving import names_in, receiving


def test_a_webhook_waits_for_its_own_users_and_not_for_those_that_come_after_it() -> None:
    """While more keep coming, the first would otherwise never be sent."""
    many = 600

    async def test(url: str) -> int:
        """Return how many more were announced until the first was on its way."""
        announcer = Announcer(PublicAddress(url, local=True), ["token"], Metrics(), lambda _: None)
        first = asyncio.create_task(announcer.announce(["first"]))
        others: list[asyncio.Task[bool]] = []
        try:
            while not first.done() and len(others) < many:
                others.append(asyncio.create_task(announcer.announce([f"name-{len(others)}"])))
                await asyncio.sleep(0.001)
            return len(others)
        finally:
            await asyncio.gather(*others)
            assert await first
            await announcer.aclose()

    with receiving() as (url, got):
        assert asyncio.run(test(url)) < many
    assert "first" in names_in(got[:1])
    assert len(names_in(got)) <= many
