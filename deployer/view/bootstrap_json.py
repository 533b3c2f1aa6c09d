"""What a bootstrap finds, and its commands, as JSON for programs."""

from __future__ import annotations

from collections.abc import Sequence

from deployer.account.finding import Blocker
from deployer.account.steps import Step, Steps
from deployer.view.bootstrap_commands import Command
from deployer.view.bootstrap_text import blocker_text, detail, note_text
from deployer.view.cause_text import reasons
from deployer.view.details import filled_fields
from deployer.view.documents.bootstrap import BootstrapCommand, BootstrapCommands, BootstrapDocument, BootstrapStep
from deployer.view.documents.note import NoteDocument
from deployer.view.documents.problem import ProblemDocument


def steps_document(steps: Steps, *, done: bool) -> BootstrapDocument:
    """The steps; `done` means that they were taken."""
    return BootstrapDocument(
        environment=steps.environment,
        fingerprint=steps.fingerprint,
        done=done,
        steps=tuple(map(_step, steps.steps)),
        settled=tuple(one.address for one in steps.settled),
        blockers=tuple(_problem(blocker, steps.environment) for blocker in steps.blockers),
        notes=tuple(
            NoteDocument(type(note).__name__, filled_fields(note), note_text(note, steps)) for note in steps.notes
        ),
    )


def commands_document(environment: str, commands: Sequence[Command]) -> BootstrapCommands:
    """The steps as commands of the AWS CLI."""
    return BootstrapCommands(environment, tuple(BootstrapCommand(c.about, c.document, c.lines) for c in commands))


def _step(step: Step) -> BootstrapStep:
    kind, why = type(step).__name__, reasons(step.causes)
    return BootstrapStep(step.symbol, step.address, detail(step), why, step.line, kind, step.causes)


def _problem(blocker: Blocker, environment: str) -> ProblemDocument:
    what, fix = blocker_text(blocker, environment)
    return ProblemDocument(what, fix, blocker.line, type(blocker).__name__, filled_fields(blocker, {"line"}))
