"""The JSON of `adopt`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from deployer.view.documents.note import NoteDocument


class OmittedDocument(Struct, frozen=True):
    """Something that a new manifest does not name: the kind of reason, such as NotRead, and its fields.

    `reaches` means that the service has it now, and loses it with the next deployment. `why` and `fix` are text for
    people.
    """

    name: str
    why: str
    reaches: bool
    fix: str
    kind: str
    details: dict[str, Any]


class AdoptDocument(Struct, frozen=True):
    """A manifest that was written from an existing service. `blockers` holds the commands to run before a plan.

    `extra` names the variables that the service has no setting for, `shared` what another manifest claims too, and
    `expected` what the first plan will show.
    """

    file: str
    environment: str
    account: str
    region: str
    service: str
    parameter_path: str
    image: str
    secrets: tuple[str, ...]
    literals: tuple[str, ...]
    extra: tuple[str, ...]
    left: tuple[OmittedDocument, ...]
    expected: tuple[NoteDocument, ...]
    blockers: tuple[str, ...]
    shared: tuple[str, ...]
    format: int = 2
