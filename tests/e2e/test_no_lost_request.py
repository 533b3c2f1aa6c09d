"""Constant load on the service while it is updated, rolled back, and while an update fails: no request is lost."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass, field

import httpx
import pytest

from tests.e2e import tiny
from tests.e2e.checkout import Checkout, approved, resumed
from tests.e2e.test_releases import level, run
from tests.loopback import NO_TLS

pytestmark = pytest.mark.timeout(240)
CLIENTS = 4


@dataclass
class Load:
    """Clients that ask without a pause: half of them keep their connection, half make a new one each time."""

    url: str
    answers: Counter[str] = field(default_factory=Counter)
    releases: set[str] = field(default_factory=set)
    stop: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Load:
        self.threads = [threading.Thread(target=self._ask, args=(n % 2 == 0,)) for n in range(CLIENTS)]
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def _ask(self, keep: bool) -> None:
        client = httpx.Client(verify=NO_TLS, timeout=10)
        while not self.stop.is_set():
            try:
                answer = client.get(self.url)
                self.answers[str(answer.status_code)] += 1
                self.releases.add(answer.headers["X-App-Release"])
            except httpx.HTTPError as error:
                self.answers[type(error).__name__] += 1
            if not keep:
                client.close()
                client = httpx.Client(verify=NO_TLS, timeout=10)
        client.close()


def test_none_is_lost_by_an_update_a_rollback_or_an_update_that_fails(checkout: Checkout) -> None:
    run(checkout, "reconcile", "local")
    level(checkout, "DEBUG", "INFO")
    for verb in ("reconcile", "rollback"):
        words = approved(checkout, "local") if verb == "rollback" else (verb, "local")
        with Load(checkout.service) as load:
            run(checkout, *words)
        assert set(load.answers) == {"200"}, load.answers
        assert load.answers["200"] > CLIENTS
        assert len(load.releases) == 2
    run(checkout, *resumed(checkout))
    tiny.install(checkout, tiny.BROKEN)
    with Load(checkout.service) as load:
        run(checkout, "reconcile", "local", code=5)
    assert set(load.answers) == {"200"}, load.answers
    assert len(load.releases) == 1
