"""The service's settings in one shape, whether desired, observed or recorded, so that == compares them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct
from msgspec.structs import replace


class Scaling(Struct, frozen=True, omit_defaults=True):
    """How many instances there may be, and how many requests at once each of them accepts."""

    min: int
    max: int
    concurrency: int


@runtime_checkable
class Settings(Protocol):
    """Every setting of a service except its image and its variables, as a type of its own for each target.

    They are data that compares by value: a frozen msgspec struct, so that fingerprints and records can hold it.
    Settings with their default are left out of those, so that a setting that only a newer version of the deployer knows
    neither changes nor redeploys an existing release.
    """

    @property
    def command(self) -> str:
        """The start command, "" for the image's own. One that was set by hand may hold a credential."""

    @property
    def probe_path(self) -> str:
        """The path at which the release is checked."""

    @property
    def role_names(self) -> tuple[str, ...]:
        """The names of the roles that the target assumes."""

    @property
    def scaling(self) -> Scaling | None:
        """The numbers of a scaling revision, for a target that has them."""

    @property
    def auto_deployments(self) -> bool:
        """Whether a pushed image is deployed without the deployer."""

    @property
    def named(self) -> frozenset[str]:
        """The groups that a manifest may leave out, and that these settings have."""

    def over(self, live: Any) -> Any:
        """These settings on a service that has `live`: what they do not name stays as it is."""

    def left_out(self, live: Any) -> dict[str, str]:
        """The settings of `live` that differ from the defaults in the groups left out here, as `name -> text`."""

    def words(self) -> dict[str, str]:
        """Each setting as `name -> text`, for plans."""


class ServiceSpec(Struct, frozen=True):
    """What a deployment brings: an image by digest, the settings, and the variables.

    `environment` holds plain values, `secrets` the ARN of the parameter that each variable is read from.
    """

    image: str
    settings: Settings
    environment: Mapping[str, str]
    secrets: Mapping[str, str]

    def over(self, live: ServiceSpec) -> ServiceSpec:
        """This spec on a service that runs `live`: settings that it does not name stay as they are."""
        return replace(self, settings=self.settings.over(live.settings))
