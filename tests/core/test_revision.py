from __future__ import annotations

import pytest
from msgspec.structs import replace

from deployer.core.release import RecordedRelease
from deployer.core.revision import is_tag, release_number, released_tag, unique_tag
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


@pytest.mark.parametrize(
    ("text", "tag"),
    [("2", TWO), (ONE[:8], ONE), (TWO[:8], TWO), (f"{TWO[:39]}", TWO), ("7654321", None)],
)
def test_an_image_is_named_by_a_release_or_the_start_of_a_commit(text: str, tag: str | None) -> None:
    assert not is_tag(text)
    assert released_tag(releases(ONE, TWO, DIRTY), text, "staging") == tag


@pytest.mark.parametrize("text", [ONE, DIRTY, "abc", "v1", "latest", "1234567-x"])
def test_a_tag_is_taken_as_it_is(text: str) -> None:
    assert is_tag(text)


def test_what_names_no_image_or_several_is_refused() -> None:
    with pytest.raises(UsageError, match="recorded: 1 to 2"):
        released_tag(releases(ONE, TWO), "3", "staging")
    with pytest.raises(UsageError, match="is not unique"):
        unique_tag([ONE, TWO, DIRTY], "1234567")
