"""The public port of a service: what goes through, what is refused, and that a switch loses nothing."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Callable
from typing import Any

Get = Callable[..., Any]

# Answers what http.server cannot: chunks, compression, no answer at all.
ODD = r"""
import os, socket, threading
listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=64)

def read(connection):
    head = b""
    while b"\r\n\r\n" not in head:
        more = connection.recv(65536)
        if not more:
            return b"", b""
        head += more
    head, _, rest = head.partition(b"\r\n\r\n")
    return head, rest

def serve(connection):
    with connection:
        head, rest = read(connection)
        if not head:
            return
        path = head.split()[1]
        if path == b"/chunks":
            chunks = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
        elif path == b"/gzip":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nraw!")
        elif path == b"/cookies":
            connection.sendall(b"HTTP/1.1 207 Odd\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nConnection: close, X-Hop\r\n"
                               b"X-Hop: 1\r\nX-Stays: 1\r\nContent-Length: 0\r\n\r\n")
        elif path == b"/nothing":
            return
        elif path == b"/half":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        elif path == b"/echo":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(head) + head)
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

while True:
    connection, _ = listener.accept()
    threading.Thread(target=serve, args=(connection,), daemon=True).start()
"""


def ask(port: int, path: str, method: str = "GET", **more: Any) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, **more)
        answer = connection.getresponse()
        return answer, answer.read()
    finally:
        connection.close()


def test_answers_of_every_form(world: Any, port: int) -> None:
    _, status = world.create("px-odd", world.push(ODD).uri, port)
    assert status == "SUCCEEDED"
    answer, body = ask(port, "/chunks")
    assert (body, answer.getheader("Transfer-Encoding")) == (b"hello world", "chunked")
    answer, body = ask(port, "/gzip")
    assert (body, answer.getheader("Content-Encoding")) == (b"raw!", "gzip")
    answer, body = ask(port, "/cookies")
    assert (answer.status, answer.reason, body) == (207, "Odd", b"")
    assert answer.headers.get_all("Set-Cookie") == ["a=1", "b=2"]
    assert (answer.getheader("X-Hop"), answer.getheader("X-Stays")) == (None, "1")
    answer, _ = ask(port, "/nothing")
    assert answer.status == 502
    with_http_10 = _raw(port, b"GET /chunks HTTP/1.0\r\n\r\n")
    assert with_http_10.endswith(b"\r\n\r\nhello world")
    cut = _raw(port, b"GET /half HTTP/1.1\r\nHost: x\r\n\r\n")
    assert b"Content-Length: 100" in cut
    assert cut.endswith((b"half", b"\r\n\r\n"))


def test_requests_arrive_as_they_were_sent(world: Any, port: int) -> None:
    world.create("px-echo", world.push(ODD).uri, port)
    seen = _raw(
        port,
        b"GET http://somewhere/echo HTTP/1.1\r\nHost: the.host:1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        b"X-Forwarded-For: 1.2.3.4\r\nUpgrade: websocket\r\nX-Two: a\r\nX-Two: b\r\n\r\n",
    ).decode()
    assert "GET /echo HTTP/1.1" in seen
    assert "Host: the.host:1" in seen
    assert "X-Forwarded-For: 1.2.3.4, 127.0.0.1" in seen
    assert "X-Forwarded-Proto: http" in seen
    assert "X-Two: a\r\nX-Two: b" in seen
    for gone in ("X-Hop: 1", "Upgrade:", "Accept:", "User-Agent:"):
        assert gone not in seen.partition("\r\n\r\n")[2]


def test_paths_and_bodies(world: Any, port: int, get: Get) -> None:
    world.create("px-body", world.push(env=("VERSION=1",)).uri, port)
    assert get(port, "/a%20b%2Fc//d?x=%C3%A9&y=1+2")["path"] == "/a%20b%2Fc//d?x=%C3%A9&y=1+2"
    large = bytes(range(256)) * 20_000
    answer, body = ask(port, "/", "POST", body=large)
    assert (answer.status, body == b"1:" + large) == (200, True)
    answer, body = ask(port, "/", "POST", body=b"squeezed", headers={"Content-Encoding": "gzip"})
    assert body == b"1:squeezed"
    answer, body = ask(port, "/", "HEAD")
    assert (answer.status, body) == (200, b"")
    assert int(answer.getheader("Content-Length") or 0) > 100
    continued = _raw(
        port, b"POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"
    )
    assert continued.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200")
    assert continued.endswith(b"1:hi")


def test_a_request_that_takes_too_long(other: Any, port: int) -> None:
    other.create("px-slow", other.push().uri, port)
    answer, body = ask(port, "/slow=20")
    assert answer.status == 504
    assert b"within 1.5 seconds" in body


def test_a_connection_is_kept_across_versions(world: Any, port: int) -> None:
    arn, _ = world.create("px-keep", world.push(env=("VERSION=1",)).uri, port)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("POST", "/", body=b"x")
        assert connection.getresponse().read() == b"1:x"
        used = connection.sock
        world.update(arn, SourceConfiguration=world.source(world.push(env=("VERSION=2",)).uri, port))
        connection.request("POST", "/", body=b"x")
        assert connection.getresponse().read() == b"2:x"
        assert connection.sock is used
    finally:
        connection.close()


def test_a_slow_request_ends_in_the_version_it_began_in(world: Any, port: int, get: Get) -> None:
    arn, _ = world.create("px-drain", world.push(env=("VERSION=1",)).uri, port)
    seen: list[str] = []
    slow = threading.Thread(target=lambda: seen.append(get(port, "/slow=1")["env"]["VERSION"]))
    slow.start()
    status = world.update(arn, SourceConfiguration=world.source(world.push(env=("VERSION=2",)).uri, port))
    assert (status, get(port)["env"]["VERSION"]) == ("SUCCEEDED", "2")
    slow.join()
    assert seen == ["1"]


def test_no_request_is_lost(world: Any, port: int) -> None:
    """Four connections ask without a pause through three updates and one that fails."""
    arn, _ = world.create("px-load", world.push(env=("VERSION=0",)).uri, port)
    stop = threading.Event()
    failures: list[str] = []
    versions: set[bytes] = set()
    counts = [0] * 4

    def load(number: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            while not stop.is_set():
                body = f"{number}-{counts[number]}".encode() * 50
                method, sent = (("POST", body), ("GET", None))[counts[number] % 2]
                connection.request(method, "/", body=sent)
                answer = connection.getresponse()
                content = answer.read()
                version, _, echo = content.partition(b":")
                if answer.status != 200 or (sent and echo != sent):
                    failures.append(f"{answer.status} {content[:80]!r}")
                if sent:
                    versions.add(version)
                counts[number] += 1
        except (OSError, http.client.HTTPException) as error:
            failures.append(repr(error))
        finally:
            connection.close()

    threads = [threading.Thread(target=load, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    try:
        for version in (1, 2, 3):
            source = world.source(world.push(env=(f"VERSION={version}",)).uri, port)
            assert world.update(arn, SourceConfiguration=source) == "SUCCEEDED"
        sick = world.source(world.push().uri, port, RuntimeEnvironmentVariables={"SICK": "1"})
        assert world.update(arn, SourceConfiguration=sick) == "ROLLBACK_SUCCEEDED"
        world.until(lambda: b"3" in versions)
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert failures == []
    assert versions == {b"0", b"1", b"2", b"3"}
    assert min(counts) > 20


def _raw(port: int, request: bytes) -> bytes:
    received = b""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(request)
        if b"HTTP/1.0" not in request and b"Connection: close" not in request and b"/half" not in request:
            connection.shutdown(socket.SHUT_WR)
        try:
            while more := connection.recv(65536):
                received += more
        except ConnectionResetError:
            pass  # an answer that was cut off
    return received
