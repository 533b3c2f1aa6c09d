"""The results of verify as JSON for programs."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from deployer.core.caution import Caution, Unverified
from deployer.core.other_locations import UnreadLocation
from deployer.core.trouble import Trouble
from deployer.core.unverified import UnverifiedCheck
from deployer.resources.plan import Plan
from deployer.resources.unions import Blocker
from deployer.view import caution_text
from deployer.view.blocker_text import render_blocker
from deployer.view.details import filled_fields
from deployer.view.documents.note import NoteDocument
from deployer.view.documents.problem import ProblemDocument
from deployer.view.documents.verify import CpuDocument, VerifyDocument
from deployer.view.health_text import trouble_text
from deployer.view.other_locations_text import Difference, difference_text, synced_by, unread_text


def verify_document(
    plan: Plan,
    *,
    unverified: Iterable[UnverifiedCheck],
    unread: Iterable[UnreadLocation],
    troubles: Iterable[Trouble],
    differences: Iterable[Difference],
    cpu: CpuDocument | None,
) -> VerifyDocument:
    """The problems and warnings of a plan, what could not be checked, and what is wrong with the running service."""
    environment = plan.environment
    cautions = (warning for warning in plan.warnings if not isinstance(warning, Unverified))
    return VerifyDocument(
        environment=environment,
        image=plan.tag,
        problems=tuple(_problem(blocker, plan) for blocker in plan.blockers),
        unseen=(
            *(_note(check, caution_text.unverified_text(check)) for check in unverified),
            *(_note(location, unread_text(location)) for location in unread),
        ),
        warnings=(*map(_caution, cautions), *(_trouble(trouble, environment) for trouble in troubles)),
        disagreements=tuple(
            _note(one, difference_text(one, environment), synced_by(one, environment)) for one in differences
        ),
        cpu=cpu,
    )


def _note(item: Struct, what: str, fix: str = "") -> NoteDocument:
    return NoteDocument(type(item).__name__, filled_fields(item, {"kind"}), what, fix)


def _caution(warning: Caution) -> NoteDocument:
    return _note(warning, caution_text.text(warning))


def _trouble(trouble: Trouble, environment: str) -> NoteDocument:
    text = trouble_text(trouble, environment)
    return _note(trouble, text.what, text.fix)


def _problem(blocker: Blocker, plan: Plan) -> ProblemDocument:
    text = render_blocker(blocker, plan)
    kind, own = type(blocker).__name__, filled_fields(blocker, {"line", "causes"})
    return ProblemDocument(text.what, text.fix, text.line, kind, own)
