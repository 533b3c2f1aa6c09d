"""The results of verify as text."""

from __future__ import annotations

from deployer.errors import as_typed
from deployer.view.documents.note import NoteDocument
from deployer.view.documents.verify import VerifyDocument
from deployer.view.safe import hanging, one_line

CONTINUED = 9  # columns before the second line of a fix
LOOKED_AT = "account and region, manifest and settings, image, roles and their rights, parameters, service, ledger"


def render_verified(results: VerifyDocument) -> str:
    """What was checked, what is wrong, and how to fix it."""
    lines = [f"Checked, for image {results.image}: {LOOKED_AT}."]
    for problem in results.problems:
        lines += [
            f"problem: {one_line(problem.what)}" + (f"  ({problem.line})" if problem.line else ""),
            f"    fix: {hanging(as_typed(problem.fix), CONTINUED)}",
        ]
    lines += [f"not checked: {one_line(note.what)}" for note in results.unseen]
    lines += [f"warning: {one_line(as_typed(_with_fix(note)))}" for note in results.warnings]
    lines += [f"note: {one_line(note.what)}" for note in results.disagreements]
    lines += [
        f"note: GitHub is set by: {command}" for command in dict.fromkeys(n.fix for n in results.disagreements if n.fix)
    ]
    if results.cpu:
        lines.append(f"cpu: {one_line(results.cpu.state)}" + (f" ({results.cpu.means})" if results.cpu.means else ""))
    if not results.problems:
        lines.append(as_typed(f"Ready to: just reconcile {results.environment}"))
    return "\n".join(lines)


def _with_fix(note: NoteDocument) -> str:
    return f"{note.what}; fix: {note.fix}" if note.fix else note.what
