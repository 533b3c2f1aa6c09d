"""The part of a plan that one kind of resource contributes, and the releases that it is compared with."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from deployer.core.release import RecordedRelease, Release
from deployer.resources.unions import Blocker, Change, Notice


class Running(Struct, frozen=True):
    """The recorded release that runs, and how far it is comparable with the manifest.

    `release` is None before the first release. `parameters` is the same release while its parameters are those below
    the manifest's path; `service` while, besides, it ran as the service of the manifest's name, on its target.
    """

    release: RecordedRelease | None = None
    parameters: RecordedRelease | None = None
    service: Release | None = None


class PlanPart(Struct, frozen=True):
    """Changes in the order they are applied, notices to show next to them, and what blocks them.

    What a release consists of is given by the kind that keeps it: `digest` is the image's, "" when there is none;
    `versions` are those that the service will hold, by variable. `recreated` marks a variable whose parameter was
    deleted and created again with the version it had: nothing else distinguishes it from the parameter that containers
    hold. `unchanged` counts what the part leaves as it is.
    """

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    digest: str = ""
    versions: Mapping[str, int] = field(default_factory=dict)
    recreated: Mapping[str, str] = field(default_factory=dict)
    unchanged: int = 0


def joined(*parts: PlanPart) -> PlanPart:
    """The parts as one, in their order."""
    return PlanPart(
        changes=tuple(change for part in parts for change in part.changes),
        notices=tuple(notice for part in parts for notice in part.notices),
        blockers=tuple(blocker for part in parts for blocker in part.blockers),
        digest="".join(part.digest for part in parts),
        versions={name: version for part in parts for name, version in part.versions.items()},
        recreated={name: mark for part in parts for name, mark in part.recreated.items()},
        unchanged=sum(part.unchanged for part in parts),
    )
