"""The JSON of `verify`."""

from __future__ import annotations

from msgspec import Struct

from deployer.view.documents.note import NoteDocument
from deployer.view.documents.problem import ProblemDocument


class CpuDocument(Struct, frozen=True):
    """Whether the work of the running service gets processor time, by its own report. `means` explains `state`."""

    state: str
    means: str


class VerifyDocument(Struct, frozen=True):
    """The results of verify. `unseen` is what could not be checked, and why.

    `disagreements` are differences of `.env` or GitHub from the manifest; they block nothing. `cpu` is None while the
    service does not run, or when it does not report it.
    """

    environment: str
    image: str
    problems: tuple[ProblemDocument, ...]
    unseen: tuple[NoteDocument, ...]
    warnings: tuple[NoteDocument, ...]
    disagreements: tuple[NoteDocument, ...]
    cpu: CpuDocument | None = None
    format: int = 2
