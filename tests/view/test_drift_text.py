from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deployer.core.drift_item import DriftItem
from deployer.view.drift_text import LONGEST, line

NOW = datetime(2026, 11, 3, 9, 16, tzinfo=UTC)
WHO, WHEN = "arn:aws:sts::1:assumed-role/ops/amir", "2026-11-03T09:12:00+00:00"


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (
            DriftItem("META_API_VERSION", "literal", "v26.0", "v1", WHO, WHEN),
            "META_API_VERSION  literal  v26.0 -> v1, changed by ops/amir 4 min ago (2026-11-03 09:12 UTC)",
        ),
        (DriftItem("BY_HAND", "literal", None, ""), "BY_HAND  literal  absent -> ''"),
        (DriftItem("X", "literal", "a", "\x1b[2J"), "X  literal  a -> '\\x1b[2J'"),
        (
            DriftItem("image", "image", f"1.dkr/demo@sha256:{'ab' * 32}", f"1.dkr/demo@sha256:{'cd' * 32}"),
            "image  image  demo@sha256:abababababab -> demo@sha256:cdcdcdcdcdcd",
        ),
    ],
)
def test_a_line_reads_from_what_was_recorded_to_what_is_live(item: DriftItem, shown: str) -> None:
    assert line(item, NOW) == shown


def test_a_very_long_value_is_cut() -> None:
    assert len(line(DriftItem("X", "literal", "a", "b" * 4096), NOW)) < LONGEST + 40
