from __future__ import annotations

import copy
import json
import logging
import pickle

import pytest

from deployer.core.secret import SecretValue

SENTINEL = "s3ntinel-value"


@pytest.mark.parametrize(
    "show",
    [
        str,
        repr,
        "{}".format,
        "{:>40}".format,
        lambda s: f"{s!r:>20}",
        lambda s: "%s" % s,  # noqa: UP031
        lambda s: str([s, {"a": s}]),
        lambda s: json.dumps({"a": s}, default=str),
        lambda s: logging.LogRecord("n", 10, "p", 1, "%s", (s,), None).getMessage(),
        lambda s: str(getattr(s, "__dict__", "")),
    ],
)
def test_it_shows_itself_nowhere(show: object) -> None:
    assert callable(show)
    assert SENTINEL not in show(SecretValue(SENTINEL))


@pytest.mark.parametrize("escape", [pickle.dumps, copy.copy, copy.deepcopy, json.dumps, hash])
def test_it_cannot_leave_by_another_door(escape: object) -> None:
    assert callable(escape)
    with pytest.raises(TypeError) as caught:
        escape(SecretValue(SENTINEL))
    assert SENTINEL not in str(caught.value)


def test_equal_values_are_equal_and_reveal_gives_the_value() -> None:
    assert SecretValue("a") == SecretValue("a")
    assert SecretValue("a") != SecretValue("b")
    assert SecretValue("a") != "a"
    assert SecretValue(SENTINEL).reveal() == SENTINEL
