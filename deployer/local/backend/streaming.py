"""Stream an answer like the backend: chunked plain text without a content type, with every kind of failure."""

from __future__ import annotations

import enum
from itertools import pairwise

from aiohttp import web

from deployer.local.backend.answers import Answer
from deployer.local.ending import Ending
from deployer.local.faults import Faults
from deployer.local.wire import cut_chunk, reset


class AnswerEnd(enum.Enum):
    """How an answer ended. The `stored` endings leave the whole answer in the thread's history."""

    WHOLE = "whole"
    SHORT = "short"
    BROKEN = "broken"
    BROKEN_BUT_STORED = "broken but stored"


class AnswerStream(web.StreamResponse):
    """A response with status 200 whose headers are sent before any work is done, so that 200 proves nothing."""

    def __init__(self) -> None:
        super().__init__(status=200)
        self.enable_chunked_encoding()


async def drop_content_type(_: web.Request, response: web.StreamResponse) -> None:
    """Remove the content type, which aiohttp adds and the real stream lacks. For `Application.on_response_prepare`."""
    if isinstance(response, AnswerStream):
        response.headers.pop("Content-Type", None)


async def stream(
    request: web.Request, answer: Answer, user: str, faults: Faults, ending: Ending, pace: float
) -> tuple[AnswerStream, AnswerEnd]:
    """Send the answer; `pace` is the pause between words in seconds. Raises ConnectionError when nobody listens."""
    response = AnswerStream()
    await response.prepare(request)
    await ending.pause(_seconds(faults.take("first_chunk_delay", user=user)))
    if faults.take("empty_answer", user=user) is not None:
        return response, AnswerEnd.SHORT
    delay = _seconds(faults.take("chunk_delay", user=user)) or pace
    stall = faults.take("stall", user=user)
    cut_at, how = _cut(faults, user)
    sent = 0
    for chunk in _chunks(answer, split=faults.take("split_characters", user=user) is not None):
        if ending.begun:
            await reset(request)
            return response, AnswerEnd.BROKEN
        if stall is not None and sent + len(chunk) > stall["after_bytes"]:
            await ending.pause(stall["seconds"])
            stall = None
        if cut_at is not None and sent + len(chunk) >= cut_at:
            return response, await _break(request, response, chunk[: cut_at - sent], how)
        await response.write(chunk)
        sent += len(chunk)
        await ending.pause(delay)
    await response.write_eof()
    return response, AnswerEnd.WHOLE


def _chunks(answer: Answer, *, split: bool) -> list[bytes]:
    if not split:
        return [delta.encode() for delta in answer.deltas]
    data = "".join(answer.deltas).encode()
    inside = [at for at in range(1, len(data)) if data[at] & 0xC0 == 0x80]  # a continuation byte begins here
    cuts = [0, *inside[::5], len(data)]
    return [data[start:end] for start, end in pairwise(cuts)]


def _cut(faults: Faults, user: str) -> tuple[int | None, tuple[str, bool]]:
    for name in ("truncate", "reset", "end_early"):
        if (settings := faults.take(name, user=user)) is not None:
            return settings["after_bytes"], (name, settings.get("stored", False))
    return None, ("", False)


async def _break(request: web.Request, response: AnswerStream, last: bytes, how: tuple[str, bool]) -> AnswerEnd:
    name, stored = how
    if name == "truncate":
        cut_chunk(request, last)
    else:
        if last:
            await response.write(last)
        if name == "end_early":
            await response.write_eof()
            return AnswerEnd.SHORT
        await reset(request)
    return AnswerEnd.BROKEN_BUT_STORED if stored else AnswerEnd.BROKEN


def _seconds(settings: dict[str, float] | None) -> float:
    return settings["seconds"] if settings else 0.0
