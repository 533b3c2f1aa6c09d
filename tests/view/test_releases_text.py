from __future__ import annotations

from datetime import UTC, datetime

from deployer.core.release import RecordedRelease
from deployer.core.release_diff import ReleaseDifference
from deployer.view.documents.releases import ReleasesDiffDocument
from deployer.view.release_diff_text import render as compared
from deployer.view.releases_text import render
from tests.core.test_release import release

NOW = datetime(2026, 11, 3, 9, 4, 11, tzinfo=UTC)
SHA = "8c1f2e0d4b5a69788796a5b4c3d2e1f001234567"


def entries(count: int) -> list[RecordedRelease]:
    kept = {
        "tag": SHA,
        "image": "repo@sha256:77d077d077d077d0",
        "who": "arn:aws:sts::1:assumed-role/ops/amir",
        "when": "2026-11-01T09:04:11+00:00",
    }
    return [RecordedRelease(n, release(**kept, seconds=n)) for n in range(1, count + 1)]


def test_the_newest_comes_first_and_the_live_one_is_marked() -> None:
    shown = entries(3)
    shown[1] = RecordedRelease(
        2, release(outcome="failed", why="not seen at its URL: 500", tag=f"{SHA}-dirty-1", who="x")
    )
    shown[2] = RecordedRelease(3, release(rollback_to=1, tag=SHA, who="x", seconds=0))
    expected = """
           number  when                              who       commit              image         took       outcome
        *  3       306 d ago (2026-01-01 00:00 UTC)  x         8c1f2e0d4b5a        1             not known
           2       306 d ago (2026-01-01 00:00 UTC)  x         8c1f2e0d4b5a-dirty  1             1 s
           1       2 d ago (2026-11-01 09:04 UTC)    ops/amir  8c1f2e0d4b5a        77d077d077d0  1 s
    """
    ends = ["", "  healthy, release 1 again (live)", "        failed: not seen at its URL: 500", "        healthy"]
    lines = [line[8:] + end for line, end in zip(expected.splitlines()[1:-1], ends, strict=True)]
    assert render(shown, 3, environment="staging", everything=False, now=NOW).splitlines() == lines


def test_only_the_newest_are_shown_unless_all_are_asked_for() -> None:
    many = entries(25)
    short = render(many, 25, environment="staging", everything=False, now=NOW).splitlines()
    assert len(short) == 22
    assert short[-1] == "   5 older (--all)"
    assert len(render(many, 25, environment="staging", everything=True, now=NOW).splitlines()) == 26


def test_an_environment_without_any_says_so() -> None:
    assert render([], None, environment="staging", everything=False, now=NOW) == "staging has no recorded release yet."


def test_a_tag_that_is_not_a_commit_is_shown_whole() -> None:
    shown = [RecordedRelease(1, release(tag="release-2026-11-03-second", who="x"))]
    assert " release-2026-11-03-second " in render(shown, 1, environment="staging", everything=False, now=NOW)


def test_two_releases_are_compared_line_by_line() -> None:
    differences = (
        ReleaseDifference("image", "image", f"1.dkr/demo@sha256:{'ab' * 32}", f"1.dkr/demo@sha256:{'cd' * 32}"),
        ReleaseDifference("literal", "LEVEL", "INFO", ""),
        ReleaseDifference("secret", "TOKEN", None, "v1"),
    )
    assert compared(ReleasesDiffDocument("staging", 61, 62, differences)).splitlines() == [
        "staging: release 61 -> release 62",
        "  image    image  demo@sha256:abababababab -> demo@sha256:cdcdcdcdcdcd",
        "  literal  LEVEL  INFO -> ''",
        "  secret   TOKEN  absent -> v1",
    ]
    same = compared(ReleasesDiffDocument("staging", 61, 62, ()))
    assert same.endswith("image, literals, secret versions and settings are the same.")
