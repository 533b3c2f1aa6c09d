"""Which of Meta's callbacks gets the messages."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from deployer.core.callback import LEVELS, find_other_callback
from deployer.core.trouble import OtherCallback

OURS, THEIRS = "https://ours.example/whatsapp/v2", "https://theirs.example/whatsapp/v2"
CALLBACKS = st.dictionaries(st.sampled_from(LEVELS), st.sampled_from([OURS, THEIRS, f"{OURS}/"]))


def test_the_callback_of_the_number_wins_over_the_others() -> None:
    callbacks = {"application": OURS, "whatsapp_business_account": OURS, "phone_number": THEIRS}
    assert find_other_callback(callbacks, OURS) == OtherCallback(level="phone_number", url=THEIRS)


@given(CALLBACKS)
def test_only_the_nearest_level_counts(callbacks: dict[str, str]) -> None:
    nearest = next((callbacks[level] for level in LEVELS if level in callbacks), None)
    other = find_other_callback(callbacks, OURS)
    assert (other is None) == (nearest != THEIRS)
    assert other is None or (other.url, callbacks[other.level]) == (THEIRS, THEIRS)
