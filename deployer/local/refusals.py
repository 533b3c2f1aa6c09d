"""Errors that a fault switch returns instead of an answer, in each service's own format.

A client sees the status and the code of the real service. Errors without a shape in a service's model are those that
the API references call common: InternalFailure and ServiceUnavailable.
"""

from __future__ import annotations

from typing import Final

from deployer.local.aws_errors import AwsError
from deployer.local.faults import Faults

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
    "apprunner": {FAILED: "InternalServiceErrorException"},
    "ecr": {FAILED: "ServerException"},
    "iam": {DENIED: "AccessDenied", BUSY: "Throttling", FAILED: "ServiceFailure"},
    "logs": {FAILED: "InternalServerException", UNAVAILABLE: "ServiceUnavailableException"},
    "ssm": {FAILED: "InternalServerError"},
    "sts": {DENIED: "AccessDenied", BUSY: "Throttling"},
}


def refused(faults: Faults, call: str) -> AwsError | None:
    """Return the error for a call such as "ssm:PutParameter", or None. Counts the call."""
    rule = faults.take("refuse", call=call)
    if rule is None:
        return None
    status = rule.get("status", 400)
    kind = KINDS[status]
    code = rule.get("code") or OWN.get(call.partition(":")[0], {}).get(kind, COMMON[kind])
    return AwsError(status, code, rule.get("message", "a fault switch refuses this call"))
