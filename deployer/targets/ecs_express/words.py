"""ECS's words for what a service and a deployment do, and what they mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from deployer.core.target import ServiceStatus
from deployer.errors import StateUnknown
from deployer.targets.base import Progress

Meaning = TypeVar("Meaning")

# Every status of a service in the API's model. ACTIVE says nothing about its health, nor about its deployments.
STATUSES: Final = {
    "ACTIVE": ServiceStatus.RUNNING,
    "DRAINING": ServiceStatus.BUSY,
    "INACTIVE": ServiceStatus.GONE,
}
# Every status of a deployment there. There is no FAILED: a failed deployment is rolled back, or stopped.
PROGRESS: Final = {
    "PENDING": Progress.RUNNING,
    "IN_PROGRESS": Progress.RUNNING,
    "STOP_REQUESTED": Progress.RUNNING,
    "ROLLBACK_REQUESTED": Progress.RUNNING,
    "ROLLBACK_IN_PROGRESS": Progress.RUNNING,
    "SUCCESSFUL": Progress.SUCCEEDED,
    "ROLLBACK_SUCCESSFUL": Progress.ROLLED_BACK,
    "STOPPED": Progress.FAILED,
    "ROLLBACK_FAILED": Progress.FAILED,
}


def status(word: str) -> ServiceStatus:
    """What a service does, as far as its own status shows it. Raises StateUnknown for an unknown word."""
    return _meaning(STATUSES, word)


def progress(word: str) -> Progress:
    """Where a deployment is. Raises StateUnknown for an unknown word."""
    return _meaning(PROGRESS, word)


def _meaning(words: Mapping[str, Meaning], word: str) -> Meaning:
    if word not in words:
        raise StateUnknown(
            f"ECS reports a status this version does not know: {word}", fix="check the service in the ECS console"
        )
    return words[word]
