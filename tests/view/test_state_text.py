"""One side of a difference, as a person reads it."""

from __future__ import annotations

import pytest

from deployer.core.restart import OtherVersion
from deployer.view.state_text import other_version


@pytest.mark.parametrize(
    ("live", "text"), [(4, "KEY (v3 -> v4)"), (3, "KEY (deleted and recreated)"), (None, "KEY (v3 -> deleted)")]
)
def test_a_parameter_that_is_not_that_of_the_release(live: int | None, text: str) -> None:
    assert other_version(OtherVersion("KEY", 3, live)) == text
