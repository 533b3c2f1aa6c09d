"""The JSON of `bootstrap`."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from deployer.view.documents.problem import ProblemDocument


class BootstrapStep(Struct, frozen=True):
    """One step of a bootstrap: "+" or "~", what it creates or changes, to what, why, and the manifest's line."""

    symbol: str
    address: str
    detail: str
    reason: str
    line: str


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
    notes: tuple[str, ...]


class BootstrapCommand(Struct, frozen=True):
    """A step as shell lines; `document` is the JSON that it writes, None for none."""

    about: str
    document: Any
    lines: str


class BootstrapCommands(Struct, frozen=True):
    """The steps of a bootstrap for a person who runs them by hand."""

    environment: str
    commands: tuple[BootstrapCommand, ...]
