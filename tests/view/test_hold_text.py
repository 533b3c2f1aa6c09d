"""A hold, as a person and a program read it."""

from __future__ import annotations

from deployer.core.hold import Hold
from deployer.view.hold_json import hold_document
from deployer.view.hold_text import since

HOLD = Hold("abc", "manual", "arn:aws:iam::123456789012:user/amir", "2026-11-01T09:00:00+00:00", "an incident")


def test_a_hold_shows_who_when_and_why() -> None:
    assert since(HOLD) == "by amir, 2026-11-01 09:00 UTC: an incident"
    found = hold_document("staging", HOLD)
    assert found is not None
    assert (found.who, found.reason) == (HOLD.who, HOLD.reason)


def test_a_hold_that_cannot_be_read_says_so() -> None:
    broken = Hold.from_text("{")
    assert since(broken) == "the hold in the ledger cannot be read"
    found = hold_document("staging", broken)
    assert found is not None
    assert (found.kind, found.who, found.reason) == (
        "unreadable",
        "an unknown user",
        "the hold in the ledger cannot be read",
    )
