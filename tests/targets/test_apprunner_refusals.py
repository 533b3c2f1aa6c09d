"""What passes by itself of App Runner's refusals."""

from __future__ import annotations

import pytest

from deployer.targets.apprunner.refusals import is_occupied, is_too_new


@pytest.mark.parametrize(
    ("code", "message", "too_new", "occupied"),
    [
        ("InvalidRequestException", "Error in assuming instance role x", True, False),
        ("InvalidRequestException", "the port is no number", False, False),
        ("InvalidStateException", "Error in assuming what is not a role", False, True),
        ("AccessDeniedException", "", False, False),
    ],
)
def test_only_what_passes_by_itself_is_tried_again(code: str, message: str, too_new: bool, occupied: bool) -> None:
    answer = {"Error": {"Code": code, "Message": message}}
    assert (is_too_new(answer), is_occupied(answer)) == (too_new, occupied)
