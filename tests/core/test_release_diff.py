from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.release_diff import ReleaseDifference, compare_releases
from tests.core.test_release import SETTINGS, release

OLD = release(literals={"LEVEL": "INFO", "GONE": "1"}, versions={"LEVEL": 1, "TOKEN": 1, "WAS_SECRET": 2})


def test_each_kind_of_difference_has_both_sides() -> None:
    new = release(
        image="repo@sha256:2",
        tag="u",
        literals={"LEVEL": "DEBUG", "WAS_SECRET": "now plain"},
        versions={"LEVEL": 2, "TOKEN": 3, "ADDED": 1},
        settings=replace(SETTINGS, cpu=2048),
    )
    assert compare_releases(OLD, new) == (
        ReleaseDifference("image", "image", "repo@sha256:1", "repo@sha256:2"),
        ReleaseDifference("commit", "tag", "t", "u"),
        ReleaseDifference("literal", "GONE", "1", None),
        ReleaseDifference("literal", "LEVEL", "INFO", "DEBUG"),
        ReleaseDifference("literal", "WAS_SECRET", None, "now plain"),
        ReleaseDifference("secret", "ADDED", None, "v1"),
        ReleaseDifference("secret", "TOKEN", "v1", "v3"),
        ReleaseDifference("secret", "WAS_SECRET", "v2", None),
        ReleaseDifference("setting", "cpu", "1 vCPU", "2 vCPU"),
    )


def test_a_literal_written_again_with_its_value_is_no_difference() -> None:
    again = replace(OLD, versions={**OLD.versions, "LEVEL": 7}, who="somebody else", when="2026-02-01T00:00:00+00:00")
    assert compare_releases(OLD, again) == ()


def test_a_secret_that_was_created_again_differs_at_the_same_version() -> None:
    again = replace(OLD, recreated={"TOKEN": "after release 1"})
    expected = ReleaseDifference("secret", "TOKEN", "v1", "v1, recreated after release 1")
    assert compare_releases(OLD, again) == (expected,)


def test_settings_that_were_not_recorded_are_not_guessed() -> None:
    expected = ReleaseDifference("setting", "settings", "recorded", "not recorded")
    assert compare_releases(OLD, replace(OLD, settings=None)) == (expected,)


texts = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.text(max_size=3))
versions = st.dictionaries(st.sampled_from(["A", "B", "C"]), st.integers(1, 9))


@given(texts, versions, texts, versions)
def test_the_other_way_round_the_sides_are_exchanged(
    literals: dict[str, str], held: dict[str, int], others: dict[str, str], other_held: dict[str, int]
) -> None:
    one, other = release(literals=literals, versions=held), release(literals=others, versions=other_held)
    there, back = compare_releases(one, other), compare_releases(other, one)
    assert [replace(found, before=found.after, after=found.before) for found in there] == list(back)
