"""`deployer verify ENV`: check everything that a deployment needs, without changing anything."""

from __future__ import annotations

from msgspec import Struct

from deployer.apps.app import ReadinessPage
from deployer.core.caution import Unverified
from deployer.core.health import of_readiness
from deployer.core.readiness import Readiness
from deployer.core.trouble import ImageGone
from deployer.environment.open import open_environment
from deployer.environment.other_locations import disagreements
from deployer.environment.readiness import read_readiness
from deployer.resources.plan import Plan
from deployer.resources.unions import Blocker
from deployer.run.preflight import inspect
from deployer.run.running_image import missing_image
from deployer.view import caution_text, health_text
from deployer.view.blocker_text import render_blocker
from deployer.view.details import filled_fields
from deployer.view.documents.problem import ProblemDocument
from deployer.view.documents.verify import CpuDocument, VerifyDocument
from deployer.view.progress import Reporter


class VerifyOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path; `image` a release number, a commit or a tag.

    `decrypt` reads the secrets, too, to check that the service would accept them.
    """

    environment: str
    image: str | None = None
    decrypt: bool = False


def verify_environment(options: VerifyOptions, report: Reporter) -> VerifyDocument:
    """Run all checks, and change nothing."""
    environment = open_environment(options.environment, report, image=options.image, start=False)
    run = environment.run
    observed = run.observe()
    image = run.compare(observed, None).plan.image
    inspection = inspect(
        run.session, run.desired, observed, image.partition("@")[2], run.examine, decrypt=options.decrypt
    )
    plan = run.compare(observed, inspection).plan
    differ, unseen = disagreements(environment, decrypt=options.decrypt)
    warnings = [caution_text.text(warning) for warning in plan.warnings if not isinstance(warning, Unverified)]
    if gone := missing_image(run.session, observed):
        warnings.append(health_text.one_line(ImageGone(number=None, image=gone), run.desired.environment))
    readiness, page = read_readiness(environment, observed), run.app.readiness
    if readiness and page:
        warnings += [
            health_text.one_line(trouble, run.desired.environment) for trouble in of_readiness(readiness, page)
        ]
    return VerifyDocument(
        environment=run.desired.environment,
        image=plan.tag,
        problems=tuple(_problem(blocker, plan) for blocker in plan.blockers),
        unseen=(*map(caution_text.unverified_text, inspection.unverified), *unseen),
        warnings=tuple(warnings),
        disagreements=differ,
        cpu=_cpu(readiness, page) if readiness and page else None,
    )


def _cpu(readiness: Readiness, page: ReadinessPage) -> CpuDocument | None:
    return CpuDocument(readiness.cpu, page.cpu.get(readiness.cpu, "")) if readiness.cpu else None


def _problem(blocker: Blocker, plan: Plan) -> ProblemDocument:
    text = render_blocker(blocker, plan)
    kind, own = type(blocker).__name__, filled_fields(blocker, {"line", "causes"})
    return ProblemDocument(text.what, text.fix, text.line, kind, own)
