"""Which image a plan in CI is made with, where one has to be healthy elsewhere first."""

from __future__ import annotations

import pytest

from deployer.verbs.ci.tag import same_source

TREES = {"merge": "t2", "old": "t1", "new": "t2", "newer": "t2", "other": "t3"}


@pytest.mark.parametrize(
    ("tags", "commit", "expected"),
    [
        (["old", "new"], "merge", "new"),
        (["new", "newer"], "merge", "newer"),
        (["new", "old"], "merge", "new"),
        (["old", "merge"], "merge", "merge"),
        (["old"], "merge", "merge"),
        ([], "merge", "merge"),
        (["gone", "new"], "merge", "new"),
        (["new"], "other", "other"),
    ],
)
def test_the_newest_of_the_same_source(tags: list[str], commit: str, expected: str) -> None:
    """A tag that is no commit of the checkout has no tree."""
    assert same_source(tags, commit, TREES.get) == expected
