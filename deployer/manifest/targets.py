"""The compute platforms that a manifest chooses from, by `service.target`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Annotated, Any, Final, Protocol

from pydantic import Field

from deployer.manifest.rule import Section, get
from deployer.manifest.size import Size
from deployer.targets.apprunner import manifest as apprunner
from deployer.targets.ecs_express import manifest as ecs_express

TAG: Final = "target"  # the key of the section that names its target
SECTIONS: Final[dict[str, Section]] = {"apprunner": apprunner.SECTION, ecs_express.NAME: ecs_express.SECTION}
FIRST: Final = next(iter(SECTIONS))
AppRunnerService = apprunner.Service


class ServiceSection(Protocol):
    """What the deployer reads of the `service` section of any target; the rest is for the target itself."""

    @property
    def target(self) -> str:
        """The name of the target."""

    @property
    def name(self) -> str:
        """The service's name on its target."""

    @property
    def port(self) -> int:
        """The port that the service listens on."""

    @property
    def on_unhealthy(self) -> str:
        """What happens when a new release does not become healthy: "rollback" or "hold"."""

    @property
    def after_rollback(self) -> str:
        """What happens after `just rollback`: "hold" or "deploy"."""

    @property
    def paused(self) -> bool:
        """Whether the manifest declares the service paused; False for a target that cannot pause."""

    @property
    def role_names(self) -> Mapping[str, str]:
        """The roles that the target assumes, by their keys."""

    @property
    def role_variables(self) -> Mapping[str, str]:
        """The same roles, by the variables from which a deployment workflow reads their ARNs."""

    @property
    def manages_roles(self) -> bool:
        """Whether the deployer creates and updates the roles."""

    @property
    def most_instances(self) -> int:
        """How many instances may run at once."""

    @property
    def provisioned(self) -> Size:
        """What one instance has, and how many run at all times."""

    @property
    def fixed(self) -> Mapping[str, str]:
        """The settings that the section names and that the target takes only when it creates a service."""


def register(name: str, section: Section) -> None:
    """Add a target to choose from. Raises RuntimeError after `deployer.manifest.model` was imported: it is too late."""
    if "deployer.manifest.model" in sys.modules:
        raise RuntimeError(f"the manifest's model is made already, without the target {name}")
    SECTIONS[name] = section


def service_type() -> Any:
    """The type of the `service` section: that of the only target, or of the one that `target` names."""
    types: tuple[Any, ...] = tuple(section.type for section in SECTIONS.values())
    return types[0] if len(types) == 1 else Annotated[reduce(or_, types), Field(discriminator=TAG)]


def section(manifest: Mapping[str, object]) -> Section:
    """What the target of a manifest adds to the format; the first target's where none is chosen yet."""
    chosen = get(manifest, "service", TAG)
    return SECTIONS.get(str(chosen), SECTIONS[FIRST])
