"""A report of the service is numbers, times and ids, or it is no report."""

from __future__ import annotations

import json
from typing import Any

import pytest

from deployer.core.inbox import DeadReport, InboxReport, Letter, parse_report, reported_error

DEAD: dict[str, Any] = {
    "instance": "0a1b2c3d",
    "shared": False,
    "letters": [{"id": "d.Ab-_=.x9", "died": "2026-11-03T09:12:00Z", "kind": "text"}],
}


def parsed(**changes: Any) -> DeadReport | None:
    return parse_report(json.dumps({**DEAD, **changes}).encode(), DeadReport)


def test_a_report_is_read_and_what_a_newer_service_adds_is_ignored() -> None:
    found = parsed(newer={"field": 1})
    assert found is not None
    assert found.letters == (Letter("d.Ab-_=.x9", "2026-11-03T09:12:00Z", "text"),)


def test_the_newest_letters_of_any_service_come_first() -> None:
    letters = [{"id": f"d.{day}", "died": f"2026-11-0{day}T09:12:00Z", "kind": "text"} for day in (1, 2, 3)]
    for sent, total in ((letters, None), (letters[::-1], 3), (letters[:0:-1], 3)):
        found = parsed(letters=sent, **({} if total is None else {"total": total}))
        assert found is not None
        newest = found.newest(2)
        assert [letter.id for letter in newest.letters] == ["d.3", "d.2"]
        assert newest.total == 3


@pytest.mark.parametrize(
    "changes",
    [
        {"letters": [{**DEAD["letters"][0], "id": "+15551230000"}]},
        {"letters": [{**DEAD["letters"][0], "id": "7\x1b[2J"}]},
        {"letters": [{**DEAD["letters"][0], "kind": "Is it allowed?"}]},
        {"letters": [{**DEAD["letters"][0], "died": "yesterday"}]},
        {"instance": "not an id"},
        {"letters": None},
        {"shared": "no"},
    ],
)
def test_anything_else_is_no_report(changes: dict[str, Any]) -> None:
    assert parsed(**changes) is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"\xff", b"[" * 100_000])
def test_another_page_is_no_report(body: bytes) -> None:
    assert parse_report(body, InboxReport) is None
    assert reported_error(body) == ""


def test_an_error_is_one_line_without_what_a_terminal_obeys() -> None:
    assert reported_error(json.dumps({"error": "disk\nfull\x1b[2J"}).encode()) == "disk?full?[2J"
