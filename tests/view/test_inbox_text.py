"""What an operator reads about the inbox."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from deployer.core.inbox import Letter
from deployer.view.documents.inbox import DeadDocument, InboxDocument, ReplayDocument
from deployer.view.inbox_text import render_dead, render_inbox, render_replayed

STATES = {"waiting": 1, "with_backend": 1, "being_sent": 0, "retrying": 1}
NOW = datetime(2026, 11, 3, 9, 16, tzinfo=UTC)


def inbox(**changes: Any) -> InboxDocument:
    known: dict[str, Any] = {
        "environment": "staging",
        "instance": "",
        "shared": True,
        "users": 2,
        "messages": 3,
        "states": STATES,
        "oldest_seconds": 72.5,
        "complete": True,
        "given_up": 1,
    }
    return InboxDocument(**{**known, **changes})


def replayed(**changes: Any) -> ReplayDocument:
    known: dict[str, Any] = {
        "environment": "staging",
        "instance": "",
        "shared": True,
        "replayed": ("d.a.b",),
        "unknown": (),
        "starts_within_seconds": 5,
        "runs": True,
    }
    return ReplayDocument(**{**known, **changes})


def test_what_waits_is_told_by_state() -> None:
    assert render_inbox(inbox()).splitlines() == [
        "staging: 3 messages of 2 users wait, the oldest for 1 min.",
        "  waiting              1",
        "  with the backend     1",
        "  being sent           0",
        "  waiting for a retry  1",
        "1 message was given up. List them: just dead staging",
    ]


def test_an_empty_inbox_on_a_disk_is_that_of_one_instance() -> None:
    empty = inbox(messages=0, users=0, oldest_seconds=None, given_up=0, shared=False, instance="0a1b2c3d")
    assert render_inbox(empty).splitlines() == [
        "staging: no message waits.",
        "No message was given up.",
        "This is the inbox of instance 0a1b2c3d; if there are others, each has its own.",
    ]


def test_a_part_of_a_large_inbox_is_a_lower_bound() -> None:
    assert "staging: at least 3 messages of 2 users wait" in render_inbox(inbox(complete=False))


def test_dead_letters_are_told_by_id_time_and_kind() -> None:
    letters = (Letter("d.a.b", "2026-11-03T09:12:00Z", "text"), Letter("d.c.d", "2026-11-03T09:15:59Z", "image"))
    found = DeadDocument(environment="staging", instance="", shared=True, letters=letters)
    assert render_dead(found, NOW).splitlines() == [
        "ID     GIVEN UP                          KIND",
        "d.a.b  4 min ago (2026-11-03 09:12 UTC)  text",
        "d.c.d  1 s ago (2026-11-03 09:15 UTC)    image",
        "Answer them after all: just replay staging ID, or: just replay staging --all",
    ]
    older = replace(found, total=5)
    assert "3 older messages are not listed. List all: just dead staging --limit 5" in render_dead(older, NOW)
    none = DeadDocument(environment="staging", instance="", shared=True, letters=())
    assert render_dead(none, NOW) == "staging: no message was given up."


def test_a_replay_tells_what_happens_next() -> None:
    assert render_replayed(replayed()) == (
        "1 message is queued again. The service begins within 5 s. Watch it: just inbox staging"
    )
    assert "it begins when it runs: just status staging" in render_replayed(replayed(runs=False))
    assert render_replayed(replayed(replayed=())) == "staging: no message was given up, so there is nothing to replay."
    gone = render_replayed(replayed(replayed=(), unknown=("d.a.b",)))
    assert gone == "1 message had been replayed by another user, or expired."
