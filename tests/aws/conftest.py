"""A local AWS endpoint, and a session that reaches it as a manifest would."""

from __future__ import annotations

import asyncio
import itertools
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from deployer.aws.session import Session
from deployer.local.endpoint import AwsEndpoint

ACCOUNT, REGION = "000000000000", "us-west-2"
numbers = itertools.count()


def no_control(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []


@pytest.fixture(scope="session")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    home = tmp_path_factory.mktemp("aws")
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    endpoint = AwsEndpoint(
        port=0,
        account=ACCOUNT,
        region=REGION,
        images=home / "images",
        work=home / "work",
        loop=loop,
        control=no_control,
    )
    endpoint.start()
    try:
        yield Session(ACCOUNT, REGION, endpoint.url)
    finally:
        endpoint.stop()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture
def fresh() -> str:
    """A name nobody else uses in this endpoint."""
    return f"fresh-{next(numbers)}"
