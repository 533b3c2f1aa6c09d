"""A pause is a scaling of 0 to 0 tasks; a tag of the service keeps the numbers that a resume brings back. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from msgspec.structs import replace

from deployer.core.service import ServiceSpec
from deployer.targets.ecs_express.settings import Tasks, of_ecs_express

TAG: Final = "scaling-before-pause"
PAUSE: Final = "pause"  # in place of a revision, as an operation
RESUME: Final = "resume"
_NUMBERS: Final = re.compile(r"(?P<min>[0-9]{1,5})-(?P<max>[0-9]{1,5})")


def tag_of(tasks: Tasks) -> dict[str, str]:
    """The tag to write before a pause."""
    return {TAG: f"{tasks.min}-{tasks.max}"}


def restored(tasks: Tasks, tags: Mapping[str, str]) -> Tasks | None:
    """The scaling before the pause; None where no tag keeps it, as after a pause by hand."""
    numbers = _NUMBERS.fullmatch(tags.get(TAG, ""))
    if numbers is None:
        return None
    least, most = int(numbers["min"]), int(numbers["max"])
    return replace(tasks, min=least, max=most) if 0 <= least <= most and most > 0 else None


def paused(tasks: Tasks) -> Tasks:
    """The same scaling with no task."""
    return replace(tasks, min=0, max=0)


def as_resumed(spec: ServiceSpec, tags: Mapping[str, str]) -> ServiceSpec:
    """The spec of a paused service with the scaling that a resume brings back: a pause does not count as drift."""
    settings = of_ecs_express(spec)
    back = restored(settings.tasks, tags)
    return spec if back is None else replace(spec, settings=replace(settings, tasks=back))
