"""Read AWS and compare: make the plan of one environment, with the observed state it was made from."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from deployer.apps.app import App
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.observed import Inspection, Observed, moved
from deployer.errors import Refused
from deployer.resources import planner
from deployer.resources.plan import Plan
from deployer.run.observe import observe_environment
from deployer.run.preflight import Examine, inspect
from deployer.run.site import Site
from deployer.targets.base import Target
from deployer.view.progress import Reporter


class Comparison(Struct, frozen=True):
    """A plan and the observed state it was made from."""

    plan: Plan
    observed: Observed


class Run(Struct, frozen=True):
    """The inputs of one change of one environment. `who` is the caller's ARN, or a name in the local world.

    `image_manifest` is the manifest of the image that this machine can push. `app` describes the service, `site` the
    AWS that it runs in. `examine` reports which secrets the service would refuse; None when its settings are not known.
    """

    session: Session
    target: Target
    desired: Desired
    app: App
    site: Site
    who: str
    image_manifest: bytes | None
    report: Reporter
    examine: Examine | None
    prune: bool = False

    def plan(self) -> Comparison:
        """Read AWS and make the plan. Slow checks are made only when a deployment follows."""
        planned = self.compare(self.observe(), None)
        made, observed = planned.plan, planned.observed
        if made.deployment is None:
            return planned
        inspection = inspect(self.session, self.desired, observed, made.image.partition("@")[2], self.examine)
        return self.compare(observed, inspection)

    def observe(self) -> Observed:
        """The live state of everything that is desired."""
        return observe_environment(self.session, self.target, self.desired, prune=self.prune)

    def compare(self, observed: Observed, inspection: Inspection | None) -> Comparison:
        """Make the plan from the observed state, with the results of an earlier inspection.

        A release that is live without being recorded is recorded by the plan when it is the desired one. When another
        release is desired, it is recorded before that is deployed; otherwise it could never be rolled back to.
        """
        observed = replace(observed, inspection=inspection)
        made = planner.plan(self.desired, observed, prune=self.prune)
        if observed.intended and made.release != observed.intended.id:
            observed = observed.with_unrecorded()
            made = planner.plan(self.desired, observed, prune=self.prune)
        return Comparison(made, observed)


def refuse_stale(stood_on: Mapping[str, str], now: Plan) -> None:
    """Raise Refused, naming everything that the plan depends on and that has changed, as from -> to."""
    if changed := moved(stood_on, now.facts):
        why = "\n       ".join(changed)
        raise Refused(
            "the plan is stale: what it depends on has changed since it was made; this run changed nothing",
            why=why,
            fix="read the new plan, then run again",
        )
