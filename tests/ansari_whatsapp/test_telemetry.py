from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from ansari_whatsapp.telemetry import configure, log, who

PRIVATE = "15551230000"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    before, level, raising = list(root.handlers), root.level, logging.raiseExceptions
    stream = io.StringIO()
    configure("INFO", stream)
    yield stream
    root.handlers[:] = before
    root.setLevel(level)
    log.setLevel(logging.NOTSET)
    logging.raiseExceptions = raising


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_line_is_one_object_whatever_it_holds(stream: io.StringIO) -> None:
    log.info("answered", extra={"user": who(PRIVATE), "cause": "one\ntwo \ud83d", "parts": 2})
    log.debug("not written")
    [line] = lines(stream)
    assert (line["level"], line["event"], line["parts"], line["cause"]) == ("INFO", "answered", 2, "one\ntwo \ud83d")
    assert stream.getvalue().isascii()


def test_an_exception_shows_its_type_and_place_only(stream: io.StringIO) -> None:
    try:
        int(PRIVATE + "x")
    except ValueError:
        log.exception("a message could not be answered")
    [line] = lines(stream)
    assert line["error"] == "ValueError"
    assert line["at"].startswith("test_telemetry.py:")
    assert PRIVATE not in stream.getvalue()


@pytest.mark.parametrize(
    ("message", "arguments"),
    [("Exception occurred while handling uri: %s", (PRIVATE,)), (f"Task was never retrieved\nfuture: {PRIVATE}", ())],
)
def test_what_a_library_says_is_shown_without_its_details(
    stream: io.StringIO, message: str, arguments: tuple[str, ...]
) -> None:
    logging.getLogger("library").error(message, *arguments)
    logging.getLogger("library").info("not written")
    [line] = lines(stream)
    assert line["event"] == message.partition("\n")[0]
    assert line["logger"] == "library"
    assert PRIVATE not in stream.getvalue()


def test_a_user_has_one_name_that_tells_nothing() -> None:
    assert who(PRIVATE) == who(PRIVATE) != who(PRIVATE + "1")
    assert PRIVATE not in who(PRIVATE)
