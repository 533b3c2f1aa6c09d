"""What is known of a compute platform without asking it: its capabilities and its texts. Pure.

Each target describes itself in its own folder below deployer/targets. Plans, documents and tests read the description
that a manifest chooses, never a target's name.
"""

from __future__ import annotations

from msgspec import Struct


class Description(Struct, frozen=True):
    """One target. `title` is its name for people, `aws_service` that of its API in botocore."""

    name: str
    title: str
    aws_service: str
