"""What is known of a compute platform without asking it: its capabilities and its texts. Pure.

Each target describes itself in its own folder below deployer/targets. Plans, documents and tests read the description
that a manifest chooses, never a target's name.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class ServiceStatus(StrEnum):
    """What a service does, in the words of plans and documents. A target translates its own words into these."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    BUSY = "OPERATION_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_FAILED = "DELETE_FAILED"
    GONE = "DELETED"


class Description(Struct, frozen=True):
    """One target. `title` is its name for people, `aws_service` that of its API in botocore."""

    name: str
    title: str
    aws_service: str
