"""App Runner's words for what a service and an operation do, and what they mean. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeVar

from deployer.core.target import ServiceStatus
from deployer.errors import StateUnknown
from deployer.targets.base import Progress

Meaning = TypeVar("Meaning")

# Every status of a service in the API's model.
STATUSES: Final = {
    "RUNNING": ServiceStatus.RUNNING,
    "PAUSED": ServiceStatus.PAUSED,
    "OPERATION_IN_PROGRESS": ServiceStatus.BUSY,
    "CREATE_FAILED": ServiceStatus.CREATE_FAILED,
    "DELETE_FAILED": ServiceStatus.DELETE_FAILED,
    "DELETED": ServiceStatus.GONE,
}
# Every status of an operation there. A failed update is rolled back by App Runner, and the service is RUNNING again:
# only the operation tells that it failed.
PROGRESS: Final = {
    "PENDING": Progress.RUNNING,
    "IN_PROGRESS": Progress.RUNNING,
    "ROLLBACK_IN_PROGRESS": Progress.RUNNING,
    "SUCCEEDED": Progress.SUCCEEDED,
    "ROLLBACK_SUCCEEDED": Progress.ROLLED_BACK,
    "FAILED": Progress.FAILED,
    "ROLLBACK_FAILED": Progress.FAILED,
}


def status(word: str) -> ServiceStatus:
    """What a service does. Raises StateUnknown for a word that is not in the table."""
    return _meaning(STATUSES, word)


def progress(word: str) -> Progress:
    """Where an operation is. Raises StateUnknown for a word that is not in the table."""
    return _meaning(PROGRESS, word)


def _meaning(words: Mapping[str, Meaning], word: str) -> Meaning:
    if word not in words:
        raise StateUnknown(
            f"App Runner reports a status this version does not know: {word}",
            fix="check the service in the App Runner console",
        )
    return words[word]
