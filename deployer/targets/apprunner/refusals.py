"""What a refusal of App Runner means. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def is_too_new(answer: Mapping[str, Any]) -> bool:
    """Whether it cannot assume a role that was changed just now.

    IAM's changes reach its other places after seconds, seldom after a minute (IAM user guide, "Changes that I make are
    not always immediately visible"). The words are those of github.com/pulumi/pulumi-aws/issues/1697.
    """
    error = answer.get("Error", {})
    return error.get("Code") == "InvalidRequestException" and "Error in assuming" in error.get("Message", "")


def is_occupied(answer: Mapping[str, Any]) -> bool:
    """Whether it cannot do this in the service's present state, as while another operation is under way."""
    return bool(answer.get("Error", {}).get("Code") == "InvalidStateException")
