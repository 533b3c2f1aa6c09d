"""The JSON of `bootstrap`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from deployer.core.cause import Cause
from deployer.view.documents.note import NoteDocument
from deployer.view.documents.problem import ProblemDocument


class BootstrapStep(Struct, frozen=True):
    """One step of a bootstrap: its kind, such as CreatePrincipal, "+" or "~", its object, and the manifest's line.

    `causes` say why. `detail` and `reason` are text for people.
    """

    symbol: str
    address: str
    detail: str
    reason: str
    line: str
    kind: str
    causes: tuple[Cause, ...]


class BootstrapDocument(Struct, frozen=True):
    """What an account needs before a deployment. `done` means that the steps were taken.

    `fingerprint` is the consent to exactly these steps; `settled` lists what is as it should be.
    """

    environment: str
    fingerprint: str
    done: bool
    steps: tuple[BootstrapStep, ...]
    settled: tuple[str, ...]
    blockers: tuple[ProblemDocument, ...]
    notes: tuple[NoteDocument, ...]
    format: int = 2


class BootstrapCommand(Struct, frozen=True):
    """A step as shell lines; `document` is the JSON that it writes, None for none."""

    about: str
    document: Any
    lines: str


class BootstrapCommands(Struct, frozen=True):
    """The steps of a bootstrap for a person who runs them by hand."""

    environment: str
    commands: tuple[BootstrapCommand, ...]
