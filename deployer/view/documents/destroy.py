"""The JSON of `destroy`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct


class RemovedDocument(Struct, frozen=True):
    """A resource that is deleted: its kind, its name, and the consequence as text, "" for none."""

    kind: str
    name: str
    note: str


class KeptDocument(Struct, frozen=True):
    """A resource that is kept: its kind, its name, and why. `note` is the reason as text for people."""

    kind: str
    name: str
    note: str
    reason: str
    details: dict[str, Any]


class DestroyDocument(Struct, frozen=True):
    """What was deleted of an environment, and what is kept and why."""

    environment: str
    deleted: tuple[RemovedDocument, ...]
    kept: tuple[KeptDocument, ...]
