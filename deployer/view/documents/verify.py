"""The JSON of `verify`."""

from __future__ import annotations

from msgspec import Struct

from deployer.view.documents.problem import ProblemDocument


class VerifyDocument(Struct, frozen=True):
    """The results of verify. `unseen` is what could not be checked, and why.

    `disagreements` are differences of `.env` or GitHub from the manifest; they block nothing.
    """

    environment: str
    image: str
    problems: tuple[ProblemDocument, ...]
    unseen: tuple[str, ...]
    warnings: tuple[str, ...]
    disagreements: tuple[str, ...] = ()
