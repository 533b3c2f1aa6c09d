"""`deployer verify ENV`: check everything that a deployment needs, without changing anything."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.health import of_readiness
from deployer.core.trouble import ImageGone, OtherCallback, Trouble
from deployer.core.unverified import CallbackNotRead
from deployer.environment.callback import check_callback
from deployer.environment.open import open_environment
from deployer.environment.other_locations import disagreements
from deployer.environment.readiness import read_readiness
from deployer.run.preflight import inspect
from deployer.run.running_image import missing_image
from deployer.view.documents.verify import CpuDocument, VerifyDocument
from deployer.view.progress import Reporter
from deployer.view.verify_json import verify_document


class VerifyOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path; `image` a release number, a commit or a tag.

    `decrypt` reads the secrets, too, to check that the service would accept them, and to ask Meta where it sends
    messages.
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
    differences, unread = disagreements(environment, decrypt=options.decrypt)
    troubles: list[Trouble] = []
    if gone := missing_image(run.session, observed):
        troubles.append(ImageGone(number=None, image=gone))
    unverified = list(inspection.unverified)
    match check_callback(environment, observed) if options.decrypt else None:
        case CallbackNotRead() as unread_callback:
            unverified.append(unread_callback)
        case OtherCallback() as other:
            troubles.append(other)
    readiness, page = read_readiness(environment, observed), run.app.readiness
    cpu: CpuDocument | None = None
    if readiness and page:
        troubles += of_readiness(readiness, page)
        cpu = CpuDocument(readiness.cpu, page.cpu.get(readiness.cpu, "")) if readiness.cpu else None
    return verify_document(
        plan, unverified=unverified, unread=unread, troubles=troubles, differences=differences, cpu=cpu
    )
