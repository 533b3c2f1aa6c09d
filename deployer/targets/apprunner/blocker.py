"""What blocks a plan on App Runner only, and its text. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.blocker import TargetBlocker
from deployer.core.desired import Desired
from deployer.core.observed import Observed
from deployer.manifest.rule import PRIVATE_WHY
from deployer.targets.apprunner.settings import of_app_runner


class PrivateService(TargetBlocker, frozen=True):
    """Someone made the service private, and the manifest does not name its network: no release could be verified."""

    service: str


def plan_blockers(desired: Desired, observed: Observed) -> Iterator[PrivateService]:
    """The blocker of a service that someone made private."""
    live = observed.service
    if live is not None and of_app_runner(desired).over(of_app_runner(live.spec)).is_private:
        yield PrivateService(desired.service_name, line=desired.lines["service"])


def describe_blocker(blocker: TargetBlocker) -> tuple[str, str]:
    """What is wrong, and its fix."""
    assert isinstance(blocker, PrivateService)
    what = f"service {blocker.service} is private, and the manifest does not name its network: {PRIVATE_WHY}"
    return what, "write `network: {ingress: public}` below service, with what else its network has"
