"""`deployer drift ENV`: report changes made outside the deployer, on a schedule in CI. It changes nothing."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.cause import DriftItem, State
from deployer.environment.open import open_environment
from deployer.resources.waiting import find_waiting
from deployer.run.running_image import missing_image
from deployer.view.documents.drift import DriftDocument
from deployer.view.progress import Reporter


class DriftOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path."""

    environment: str


def find_drift(options: DriftOptions, report: Reporter) -> DriftDocument:
    """Compare what AWS holds with the last release and the manifest."""
    run = open_environment(options.environment, report, start=False, only_reads=True).run
    observed = run.observe()
    planned = run.compare(observed, None)
    waiting = find_waiting(planned.plan)
    gone = missing_image(run.session, observed)
    lost = (DriftItem("running image", "image", State(value=gone), None),) if gone else ()
    return DriftDocument(run.desired.environment, (*waiting.drift, *lost), waiting.staged)
