"""What AWS repeats of a request is not repeated by us."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from deployer.aws.errors import explain

SENTINEL = "it's a 'value' at 'value', or so"


@pytest.mark.parametrize(
    "message",
    [
        f"1 validation error detected: Value '{SENTINEL}' at 'value' failed to satisfy constraint: it is too long",
        f"2 errors: Value '{SENTINEL}\n{SENTINEL}' at 'value' failed: x; Value '{SENTINEL}' at 'tags.1.value' failed",
        f"The Canonical String should have been\n'POST\n/\n\nx-amz-security-token:{SENTINEL.replace(' ', '')}\n",
    ],
)
def test_a_repeated_value_is_cut(message: str) -> None:
    answer = {"Error": {"Code": "ValidationException", "Message": message}}
    told = explain(ClientError(answer, "PutParameter"))  # type: ignore[arg-type]
    assert "<not shown>" in str(told)
    assert "it's" not in str(told)
    assert "or so" not in str(told)
    assert "orso" not in str(told)


def test_the_rest_of_a_validation_error_is_told() -> None:
    message = "1 validation error detected: Value 'x y' at 'name' failed to satisfy constraint: Member must be shorter"
    answer = {"Error": {"Code": "ValidationException", "Message": message}}
    assert explain(ClientError(answer, "PutParameter")).why == message  # type: ignore[arg-type]
