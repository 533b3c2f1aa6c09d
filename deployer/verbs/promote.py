"""`deployer promote ENV ENV`: deploy the healthy image of one environment with the variables of the other."""

from __future__ import annotations

from msgspec import Struct

from deployer.aws import ledger
from deployer.core.release import RELEASE_VARIABLE, ledger_path
from deployer.core.target import ServiceStatus
from deployer.environment.carry_out import PlanOutcome, Show, carry_out_plan, settled_plan
from deployer.environment.consent import Consent
from deployer.environment.open import open_environment, open_session
from deployer.environment.plan import refuse_postponed
from deployer.environment.two_manifests import load_two_manifests
from deployer.errors import Refused
from deployer.manifest.load import LoadedManifest
from deployer.resources.plan import Plan
from deployer.targets.registry import RECORDED, open_target
from deployer.view.progress import Reporter


class PromoteOptions(Struct, frozen=True, kw_only=True):
    """`source` and `environment` are names or manifests' paths; `retry` deploys content that failed before."""

    source: str
    environment: str
    retry: bool = False


class Running(Struct, frozen=True):
    """What runs in an environment: the number of its release, and its image by tag and by digest."""

    environment: str
    number: int
    tag: str
    digest: str


def promote_image(options: PromoteOptions, report: Reporter, show: Show, consent: Consent) -> PlanOutcome:
    """Plan the deployment of the image that runs in the source, show the plan, and apply it.

    Raises Refused while the environment is declared paused: nothing would run the image.
    """
    source = running(load_two_manifests(options.source, options.environment)[0])
    report.note(f"promoting release {source.number} of {source.environment}: {source.tag}, {source.digest[:19]}")
    environment = open_environment(options.environment, report, image=source.tag)
    planned = settled_plan(environment)
    refuse_another_image(source, planned.plan)
    carried = carry_out_plan(environment, planned, show, consent, retry=options.retry)
    refuse_postponed(planned.plan)
    return carried


def running(loaded: LoadedManifest) -> Running:
    """What runs in an environment. Raises Refused when no healthy release runs there."""
    manifest = loaded.manifest
    session, _ = open_session(loaded)
    service = open_target(manifest.service.target, session).observe(manifest.service.name)[0]
    runs = service.spec.environment.get(RELEASE_VARIABLE) if service else None
    releases = ledger.read(session.ssm, ledger_path(manifest.app, manifest.environment), RECORDED)
    entry = next((e for e in reversed(releases) if e.release.healthy and e.release.id == runs), None)
    if service is None or entry is None or service.status is not ServiceStatus.RUNNING:
        state = "has no service" if service is None else f"is {service.status}, release {runs or 'unknown'}"
        raise Refused(
            f"{manifest.environment} runs no healthy release that could be promoted",
            why=f"it {state}",
            fix=f"just reconcile {manifest.environment}",
        )
    return Running(manifest.environment, entry.number, entry.release.tag, entry.release.digest)


def refuse_another_image(source: Running, plan: Plan) -> None:
    """Raise Refused unless the plan deploys exactly that image: the same tag in another repository may be another."""
    digest = plan.image.partition("@")[2]
    if not plan.blockers and digest != source.digest:
        raise Refused(
            f"the tag {source.tag} is another image in {plan.environment}",
            why=f"{source.environment} runs {source.digest[:19]}, and there it is {digest[:19]}",
            fix="push the image to the repository of that environment, by digest",
        )
