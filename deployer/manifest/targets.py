"""The compute platforms that a manifest chooses from, by `service.target`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deployer.manifest.rule import Section, get
from deployer.targets.apprunner import manifest as apprunner

Service = apprunner.Service
SECTIONS: Final[Mapping[str, Section]] = {"apprunner": apprunner.SECTION}
FIRST: Final = next(iter(SECTIONS))


def section(manifest: Mapping[str, object]) -> Section:
    """What the target of a manifest adds to the format; the first target's where none is chosen yet."""
    chosen = get(manifest, "service", "target")
    return SECTIONS.get(str(chosen), SECTIONS[FIRST])
