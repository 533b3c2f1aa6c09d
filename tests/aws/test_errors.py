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


@pytest.mark.parametrize(("again", "tries"), [(0, "after 1 try"), (5, "after 6 tries")])
def test_a_fault_of_aws_is_no_refusal(again: int, tries: str) -> None:
    answer = {
        "Error": {"Code": "InternalServerError", "Message": "later"},
        "ResponseMetadata": {"HTTPStatusCode": 500, "RetryAttempts": again},
    }
    told = explain(ClientError(answer, "PutParameter"))  # type: ignore[arg-type]
    assert told.what == f"AWS answered PutParameter on * with a server error: InternalServerError, {tries}"
    assert told.fix == "wait until AWS works again, then run again: what was done already is not repeated"


def test_what_is_not_emulated_is_no_fault() -> None:
    answer = {"Error": {"Code": "NotEmulated", "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": 501}}
    assert explain(ClientError(answer, "ListKeys")).what == "AWS refused ListKeys on *: NotEmulated"  # type: ignore[arg-type]
