"""The JSON of `doctor`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from deployer.core.finding_state import State


class FindingDocument(Struct, frozen=True):
    """The result of one check: its kind, such as Clock or Rights, and the fields of this kind that are not empty.

    `unseen` is what could not be checked. The finding and its fix are text for people; `fix` is "" for none.
    """

    about: str
    state: State
    says: str
    fix: str
    kind: str
    details: dict[str, Any]


class DoctorDocument(Struct, frozen=True):
    """The findings of doctor, one for each check."""

    environment: str
    findings: tuple[FindingDocument, ...]
