"""Errors that a fault switch returns instead of an answer, in each service's own format.

A client sees the status and the code of the real service. Errors without a shape in a service's model are those that
the API references call common: InternalFailure and ServiceUnavailable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deployer.local.aws_errors import AwsError
from deployer.local.faults import LONGEST_MESSAGE, Choice, Faults, FreeText, Switch

DENIED, BUSY, FAILED, UNAVAILABLE = "denied", "busy", "failed", "unavailable"
KINDS: Final = {400: DENIED, 403: DENIED, 429: BUSY, 500: FAILED, 503: UNAVAILABLE}
COMMON: Final = {
    DENIED: "AccessDeniedException",
    BUSY: "ThrottlingException",
    FAILED: "InternalFailure",
    UNAVAILABLE: "ServiceUnavailable",
}
# Codes of botocore's service models where they differ; IAM and STS speak the query protocol.
OWN: Final = {
    "dynamodb": {FAILED: "InternalServerError"},
    "ecr": {FAILED: "ServerException"},
    "iam": {DENIED: "AccessDenied", BUSY: "Throttling", FAILED: "ServiceFailure"},
    "logs": {FAILED: "InternalServerException", UNAVAILABLE: "ServiceUnavailableException"},
    "ssm": {FAILED: "InternalServerError"},
    "sts": {DENIED: "AccessDenied", BUSY: "Throttling"},
}

SWITCHES: Final = {
    "refuse": Switch(
        "a call is answered with an error instead of being done; clients try 429, 500 and 503 again",
        parameters={
            "status": Choice("the HTTP status; 400 when left out", (400, 403, 429, 500, 503)),
            "code": FreeText("the error's code; when left out the one that the service gives with this status"),
            "message": FreeText("the error's message", longest=LONGEST_MESSAGE),
        },
        selectors={"call": FreeText("only this one, such as ssm:PutParameter")},
    ),
}


def refused(faults: Faults, call: str, failures: Mapping[str, str]) -> AwsError | None:
    """Return the error for a call such as "ssm:PutParameter", or None. Counts the call."""
    rule = faults.take("refuse", call=call)
    if rule is None:
        return None
    status = rule.get("status", 400)
    kind = KINDS[status]
    code = rule.get("code") or _own(call.partition(":")[0], failures).get(kind, COMMON[kind])
    return AwsError(status, code, rule.get("message", "a fault switch refuses this call"))


def _own(service: str, failures: Mapping[str, str]) -> Mapping[str, str]:
    return {FAILED: failures[service]} if service in failures else OWN.get(service, {})
