"""`deployer verify ENV`: check everything that a deployment needs, without changing anything."""

from __future__ import annotations

import json

from msgspec import to_builtins

from deployer.core.blocker import Blocker
from deployer.core.caution import Unverified
from deployer.core.plan import Plan
from deployer.core.trouble import ImageGone
from deployer.environment.open import Environment
from deployer.environment.other_locations import disagreements
from deployer.environment.readiness import unready
from deployer.errors import as_typed
from deployer.run.preflight import inspect
from deployer.run.running_image import missing_image
from deployer.view import caution_text, health_text
from deployer.view.blocker_text import blocker_text
from deployer.view.details import details
from deployer.view.documents import ProblemDocument, VerifyDocument
from deployer.view.safe import hanging, one_line

CONTINUED = 9  # columns before the second line of a fix

LOOKED_AT = "account and region, manifest and settings, image, roles and their rights, parameters, service, ledger"


def verify(environment: Environment, *, decrypt: bool) -> VerifyDocument:
    """Run all checks; with `decrypt` also whether the service would accept the existing secrets."""
    run = environment.run
    facts = run.observed()
    image = run.compare(facts, None).plan.image
    seen = inspect(run.session, run.desired, facts, image.partition("@")[2], run.examine, decrypt=decrypt)
    plan = run.compare(facts, seen).plan
    differ, unseen = disagreements(environment, decrypt=decrypt)
    warnings = [caution_text.text(warning) for warning in plan.warnings if not isinstance(warning, Unverified)]
    if gone := missing_image(run.session, facts):
        warnings.append(health_text.one_line(ImageGone(number=None, image=gone), run.desired.environment))
    warnings += unready(environment, facts)
    return VerifyDocument(
        environment=run.desired.environment,
        image=plan.tag,
        problems=tuple(_problem(blocker, plan) for blocker in plan.blockers),
        unseen=(*seen.unverified, *unseen),
        warnings=tuple(warnings),
        disagreements=differ,
    )


def _problem(blocker: Blocker, plan: Plan) -> ProblemDocument:
    text = blocker_text(blocker, plan)
    kind, own = type(blocker).__name__, details(blocker, {"line", "causes"})
    return ProblemDocument(text.what, text.fix, text.line, kind, own)


def show(found: VerifyDocument, *, as_json: bool) -> str:
    """What is wrong and how to fix it, or JSON."""
    if as_json:
        return json.dumps(to_builtins(found), indent=2)
    lines = [f"Checked, for image {found.image}: {LOOKED_AT}."]
    for problem in found.problems:
        lines += [
            f"problem: {one_line(problem.what)}" + (f"  ({problem.line})" if problem.line else ""),
            f"    fix: {hanging(as_typed(problem.fix), CONTINUED)}",
        ]
    lines += [f"not checked: {one_line(what)}" for what in found.unseen]
    lines += [f"warning: {one_line(as_typed(what))}" for what in found.warnings]
    lines += [f"note: {one_line(what)}" for what in found.disagreements]
    if not found.problems:
        lines.append(as_typed(f"Ready to: just reconcile {found.environment}"))
    return "\n".join(lines)
