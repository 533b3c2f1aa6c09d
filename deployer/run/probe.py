"""Request the new release at the public URL, as a user's request would reach it."""

from __future__ import annotations

import time

from deployer.core.health import Answer
from deployer.core.readiness import plain
from deployer.run.public_url import connect

STEP = 5.0  # seconds to connect, and between two parts of the answer


def probe_release(url: str, path: str, release: str, *, header: str | None, seconds: float) -> str | None:
    """GET `url``path` until it answers 200 with the release id in its `header`; any release, without a header.

    Returns None on success, and the last answer or error when that takes longer than `seconds`.
    """
    import httpx  # noqa: PLC0415 -- a run that deploys nothing need not load it

    end, last_answer = time.monotonic() + seconds, "no answer"
    with connect(url, seconds=STEP) as client:
        while True:
            try:
                answer = client.get(url + path)
                served = answer.headers.get(header) if header else None
                if answer.status_code == 200 and (not header or served == release):
                    return None
                named = f", release {plain(served) if served else 'not named'}" if header else ""
                last_answer = f"{answer.status_code}{named}"
            except httpx.HTTPError as error:
                last_answer = type(error).__name__
            if time.monotonic() >= end:
                return last_answer
            time.sleep(0.2)


def ask(url: str, path: str, release: str, *, header: str | None, seconds: float) -> Answer:
    """GET `url``path` until it answers 200 with the release id in its `header`, or return the last answer.

    With `seconds` 0 it sends one request, whatever the answer.
    """
    import httpx  # noqa: PLC0415 -- a run that deploys nothing need not load it

    end = time.monotonic() + seconds
    with connect(url, seconds=STEP) as client:
        while True:
            try:
                answer = client.get(url + path)
                named = plain(answer.headers.get(header, "")) if header else None
                latest = Answer(named, answer.status_code)
            except httpx.HTTPError as error:
                latest = Answer(status=None, error=type(error).__name__)
            if (latest.release in {None, release} and latest.good) or time.monotonic() >= end:
                return latest
            time.sleep(0.2)


def proof(path: str, release: str, header: str | None) -> str:
    """What a successful probe has shown, as text for the line that reports it."""
    return f"{path} reports {release}" if header else f"{path} answers; it names no release"
