"""What a newcomer does, in order, with the commands of the README."""

from __future__ import annotations

import json
import os
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from deployer.world_keys import NONE
from tests import loopback
from tests.e2e.checkout import Checkout
from tests.loopback import NO_TLS


def release(checkout: Checkout) -> str:
    answer = loopback.get(checkout.service)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    return answer.headers["X-App-Release"]


@contextmanager
def constant_requests(url: str) -> Iterator[list[str]]:
    """Ask again and again over one kept connection; what is yielded collects a line per failed request."""
    failures: list[str] = []
    stop = threading.Event()

    def ask() -> None:
        with httpx.Client(verify=NO_TLS) as client:
            while not stop.is_set():
                try:
                    status = client.get(url).status_code
                except httpx.HTTPError as error:
                    failures.append(repr(error))
                else:
                    if status != 200:
                        failures.append(str(status))

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield failures
    finally:
        stop.set()
        thread.join()


@pytest.mark.timeout(300)
def test_the_first_five_minutes(cold_checkout: Checkout) -> None:
    first = cold_checkout.just("reconcile", "local")
    assert first.returncode == 0, first.stderr
    assert "+ META_APP_SECRET" in first.stdout
    assert "One deployment follows." in first.stdout
    assert f"is live: {cold_checkout.service}" in first.stdout
    assert "just say local" in first.stdout
    one = release(cold_checkout)
    assert one in first.stdout

    said = cold_checkout.just("say", "local", "What is Ansari?")
    assert said.returncode == 0, said.stderr
    assert "Ansari" in said.stdout

    again = cold_checkout.just("reconcile", "local")
    assert again.returncode == 0, again.stderr
    assert "Nothing to do" in again.stdout
    assert release(cold_checkout) == one

    cold_checkout.edit("logging-level: {kind: literal, value: DEBUG}", "logging-level: {kind: literal, value: INFO}")
    with constant_requests(cold_checkout.service) as failures:
        edited = cold_checkout.just("reconcile", "local")
    assert edited.returncode == 0, edited.stderr
    assert "literal  DEBUG -> INFO" in edited.stdout
    assert failures == []
    assert release(cold_checkout) != one

    down = cold_checkout.just("down", "local")
    assert down.returncode == 0, down.stderr
    for port in cold_checkout.ports.values():
        with socket.socket() as free:
            free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            free.bind(("127.0.0.1", port))


def test_the_world_without_a_deployment(cold_checkout: Checkout) -> None:
    up = cold_checkout.just("up", "local")
    assert up.returncode == 0, up.stderr
    status = json.loads(cold_checkout.deployer("local", "status").stdout)
    assert status["running"]
    keys = cold_checkout.keys
    page = re.search(r"(http://\S+)/\?token=(\S+)", up.stdout)
    assert page is not None
    assert page[2] == keys.token
    assert loopback.get(page[0]).status_code == 200
    codes = [loopback.get(f"{page[1]}/_local/chats", headers=given).status_code for given in ({}, keys.bearer)]
    assert codes == [401, 200]
    lines = cold_checkout.deployer("local", "env").stdout.splitlines()
    assert all(line.startswith("export AWS_") for line in lines)
    variables = dict(line.removeprefix("export ").split("=", 1) for line in lines)
    assert variables["AWS_ENDPOINT_URL"] == cold_checkout.endpoint
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_LOCAL_TOKEN")
    assert tuple(variables[name] for name in names) == (keys.access_key, keys.secret_key, keys.token)
    assert not {keys.secret_key, keys.token} & set(cold_checkout.deployer("local", "status").stdout.split('"'))
    log = (cold_checkout.root / ".deployer" / "local" / "world.log").read_text()
    assert not [text for text in (keys.secret_key, keys.token) if text in log]
    with pytest.raises(httpx.ConnectError):
        loopback.get(cold_checkout.service)
    assert cold_checkout.just("down", "local").returncode == 0
    assert cold_checkout.keys == NONE
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.kill(status["pid"], 0)
        except ProcessLookupError:
            return
    pytest.fail("the world is still running")
