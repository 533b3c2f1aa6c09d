from __future__ import annotations

import pytest
from msgspec.structs import replace

from deployer.core.release import RecordedRelease
from deployer.core.revision import release_number
from deployer.errors import UsageError
from tests.core.test_release import history

ONE, TWO = "1234567" + "a" * 33, "1234567" + "b" * 33
DIRTY = f"{TWO}-dirty-0123abcd"


def releases(*tags: str) -> tuple[RecordedRelease, ...]:
    made = history(*("ha", "hb", "hc", "fd")[: len(tags)])
    return tuple(replace(entry, release=replace(entry.release, tag=tag)) for entry, tag in zip(made, tags, strict=True))


@pytest.mark.parametrize(
    ("text", "number"),
    [("2", 2), ("999999", 999999), (ONE, 1), (TWO, 2), (ONE[:8], 1), (DIRTY, 3), (f"{TWO}-d", 3)],
)
def test_a_release_is_named_by_number_or_by_commit(text: str, number: int) -> None:
    assert release_number(releases(ONE, TWO, DIRTY), text, "staging") == number


def test_of_one_commit_the_newest_healthy_release_counts() -> None:
    assert release_number(releases(ONE, ONE, TWO, ONE), ONE[:8], "staging") == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [("1234567", "is not unique"), ("7654321", "no release of commit"), ("x", "neither"), ("abc", "neither")],
)
def test_what_names_no_release_is_refused(text: str, words: str) -> None:
    with pytest.raises(UsageError, match=words):
        release_number(releases(ONE, TWO), text, "staging")
