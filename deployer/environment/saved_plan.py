"""Save a plan as JSON, and read a saved plan to apply it unchanged."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from deployer import VERSION
from deployer.errors import Refused, UsageError
from deployer.resources.plan import Plan
from deployer.run.look import refuse_stale
from deployer.view.plan_json import FORMAT, PlanDocument, SavedFormat, agreed, document, plan_as_json


def save(plan: Plan, path: Path) -> None:
    """Write the plan to a file. It holds no secret.

    Raises UsageError when the file cannot be written, or holds something that is not a plan.
    """
    if path.is_file() and path.stat().st_size and not path.read_bytes().lstrip().startswith(b'{\n  "format"'):
        raise UsageError(f"{path} exists and is not a plan; it was left as it is", fix="name another --out FILE")
    try:
        path.write_text(plan_as_json(plan) + "\n")
    except OSError as error:
        raise UsageError(f"the plan cannot be saved: {error.strerror}: {path}", fix="name another --out FILE") from None


def read_saved(path: Path, environment: str) -> PlanDocument:
    """Read a saved plan. Raises UsageError if it is not a plan, in another format, or of another environment."""
    make = f"make one with: just plan {environment} --out FILE"
    try:
        text = path.read_bytes()
        number = SavedFormat.model_validate_json(text).format
        if number != FORMAT:
            raise UsageError(
                f"{path} was saved in format {number} by {'a newer' if number > FORMAT else 'an older'} deployer",
                why=f"this is deployer {VERSION}, which applies plans in format {FORMAT}",
                fix=make,
            )
        saved = PlanDocument.model_validate_json(text)
    except OSError as error:
        raise UsageError(f"the plan cannot be read: {error.strerror}: {path}", fix="name a file of --out") from None
    except ValidationError:
        raise UsageError(f"{path} is not a plan of this deployer", fix=make) from None
    if saved.environment != environment:
        raise UsageError(f"{path} is a plan of {saved.environment}", fix=make)
    return saved


def refuse_changed(saved: PlanDocument, plan: Plan) -> None:
    """Raise Refused unless the plan made now is the saved one, naming everything that has changed."""
    refuse_stale(saved.facts, plan)
    if agreed(saved) != agreed(document(plan)):
        raise Refused(
            "the saved plan is not what this deployer would do with the same state; nothing was changed",
            why="the file was edited, or another version of the deployer made it",
            fix=f"save it again: just plan {plan.environment} --out FILE",
        )
