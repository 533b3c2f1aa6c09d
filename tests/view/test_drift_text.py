from __future__ import annotations

from datetime import UTC, datetime

import pytest

from deployer.core.cause import HIDDEN, DriftItem, State
from deployer.view.drift_text import LONGEST, line

NOW = datetime(2026, 11, 3, 9, 16, tzinfo=UTC)
WHO, WHEN = "arn:aws:sts::1:assumed-role/ops/amir", "2026-11-03T09:12:00+00:00"


def text(value: str) -> State:
    return State(value=value)


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (
            DriftItem("META_API_VERSION", "literal", text("v26.0"), text("v1"), WHO, WHEN),
            "META_API_VERSION  literal  v26.0 -> v1, changed by ops/amir 4 min ago (2026-11-03 09:12 UTC)",
        ),
        (DriftItem("BY_HAND", "literal", None, text("")), "BY_HAND  literal  absent -> ''"),
        (DriftItem("X", "literal", text("a"), text("\x1b[2J")), "X  literal  a -> '\\x1b[2J'"),
        (
            DriftItem("image", "image", text(f"1.dkr/demo@sha256:{'ab' * 32}"), text(f"1.dkr/demo@sha256:{'cd' * 32}")),
            "image  image  demo@sha256:abababababab -> demo@sha256:cdcdcdcdcdcd",
        ),
        (
            DriftItem(
                "KEY", "secret", State(version=3, path="/p/key"), State(version=4, path="/p/key", recreated=True)
            ),
            "KEY  secret  v3 of /p/key -> v4 of /p/key, deleted and recreated",
        ),
        (
            DriftItem("KEY", "secret", State(version=3, path="/p/key"), State(version=4, path="/p/key", type="String")),
            "KEY  secret  v3 of /p/key -> plain String v4 of /p/key",
        ),
        (DriftItem("X", "literal", text("a"), HIDDEN), "X  literal  a -> a value that is not shown"),
        (DriftItem("role R", "trust", HIDDEN, HIDDEN), "role R  trust  changed"),
        (DriftItem("role R", "policy", HIDDEN, None), "role R  policy  removed"),
        (DriftItem("command", "setting", text(""), HIDDEN), "command  setting  of the image -> that is not shown"),
        (
            DriftItem("lifecycle r", "lifecycle", text("30"), HIDDEN),
            "lifecycle r  lifecycle  keep the newest 30 images -> other rules",
        ),
    ],
)
def test_a_line_reads_from_what_was_recorded_to_what_is_live(item: DriftItem, shown: str) -> None:
    assert line(item, NOW) == shown


def test_a_very_long_value_is_cut() -> None:
    assert len(line(DriftItem("X", "literal", text("a"), text("b" * 4096)), NOW)) < LONGEST + 40
