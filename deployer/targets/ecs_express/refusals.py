"""What a refusal of ECS means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

UNDER_WAY: Final = "DeploymentUnderWay"  # the deployer's own code: ECS would accept a second deployment
# Of the Terraform provider's resource for Express services, which repeats a call that is refused with these texts; the
# last is that of an account's first cluster.
_TOO_NEW: Final = (
    "Cannot assume role",
    "is not authorized to perform: sts:AssumeRole",
    "AWS was not able to validate the provided access credentials",
    "Unable to assume the service linked role",
)
_GONE_CODES: Final = frozenset({"ResourceNotFoundException", "ServiceNotFoundException", "ClusterNotFoundException"})


def message(answer: Mapping[str, Any]) -> str:
    """AWS's message, which it writes as Message or message."""
    error: Mapping[str, Any] = answer.get("Error", {})
    return str(error.get("Message") or error.get("message") or "")


def is_too_new(answer: Mapping[str, Any]) -> bool:
    """Whether ECS cannot assume a role that was changed just now."""
    return any(text in message(answer) for text in _TOO_NEW)


def is_gone(answer: Mapping[str, Any]) -> bool:
    """Whether there is no such service. One whose cluster does not exist, and one that never was, count as gone.

    A missing service is an InvalidParameterException with the text "Resource not found", as the Terraform provider has
    it, or the exception of the model.
    """
    code = answer.get("Error", {}).get("Code")
    return code in _GONE_CODES or (code == "InvalidParameterException" and "not found" in message(answer).lower())


def is_inactive(answer: Mapping[str, Any]) -> bool:
    """Whether the service was deleted: Describe still answers, and other calls are refused with its status."""
    code = answer.get("Error", {}).get("Code")
    return code == "ServiceNotActiveException" or (
        code == "InvalidParameterException" and "that is INACTIVE" in message(answer)
    )


def is_under_way(answer: Mapping[str, Any]) -> bool:
    """Whether the deployer itself refused a second deployment."""
    return bool(answer.get("Error", {}).get("Code") == UNDER_WAY)
