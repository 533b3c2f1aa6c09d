"""A pause on ECS Express Mode: a scaling of no tasks, and the tag that keeps the numbers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.targets.ecs_express.pause import TAG, as_resumed, paused, restored, tag_of
from deployer.targets.ecs_express.settings import Tasks
from tests.targets.ecs_express_samples import SETTINGS, SPEC

scalings = st.builds(
    lambda least, more, target: Tasks(least, least + more, "AVERAGE_MEMORY", target),
    *(st.integers(0, 50), st.integers(1, 50), st.integers(1, 100)),
)


@given(scalings)
def test_a_resume_brings_the_numbers_back(tasks: Tasks) -> None:
    stopped = paused(tasks)
    assert (stopped.min, stopped.max) == (0, 0)
    assert restored(stopped, tag_of(tasks)) == tasks
    [value] = tag_of(tasks).values()
    assert all(letter.isdigit() or letter == "-" for letter in value)  # what a tag may hold


@pytest.mark.parametrize("tag", ["", "x", "1", "5-2", "0-0", "1-2-3", "٣-٤"])
def test_a_tag_of_no_use_restores_nothing(tag: str) -> None:
    assert restored(Tasks(0, 0), {TAG: tag}) is None


def test_a_pause_is_no_drift_and_one_by_hand_is() -> None:
    stopped = replace(SPEC, settings=replace(SETTINGS, tasks=Tasks(0, 0)))
    assert as_resumed(stopped, tag_of(SETTINGS.tasks)) == SPEC
    assert as_resumed(stopped, {}) == stopped
