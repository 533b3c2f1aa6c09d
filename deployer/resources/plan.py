"""The plan of a reconcile or a rollback: its changes, their causes, and what blocks it. It holds no secret or text."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field, to_builtins

from deployer.core.caution import Caution
from deployer.core.hold import Hold
from deployer.core.release import RecordedRelease
from deployer.core.target import Description
from deployer.resources.service.blocker import ServicePaused
from deployer.resources.service.change import DeployService
from deployer.resources.unions import Blocker, Change, Notice


class Plan(Struct, frozen=True):
    """What a reconcile or a rollback will do. A person or a program consents to its fingerprint.

    `changes` are in the order in which they are applied. `release` is the id that the service will report, `content`
    the id of its content, and `image` the image it will run, by digest. `versions` are the parameter versions it will
    hold, by variable; `recreated` marks those that were deleted and created again. `facts` are what the plan depends
    on. `took` lists the seconds of the last healthy deployments. `known_bad` is the number of a failed release with
    the same content. `rollback_to` is the release that this plan brings back. `hold` is the hold on the environment,
    `held` whether it refuses this plan. `unmanaged` are settings of the service that the manifest does not name.
    `postponed` means that nothing blocks the plan, but that all of it waits because the manifest declares the service
    paused.
    """

    target: Description
    app: str
    environment: str
    account: str
    region: str
    parameter_path: str
    service_name: str
    live: RecordedRelease | None
    release: str
    content: str
    image: str
    tag: str
    versions: Mapping[str, int]
    recreated: Mapping[str, str]
    changes: tuple[Change, ...]
    notices: tuple[Notice, ...]
    blockers: tuple[Blocker, ...]
    warnings: tuple[Caution, ...]
    unchanged: int
    facts: Mapping[str, str]
    took: tuple[int, ...] = ()
    known_bad: int | None = None
    rollback_to: int | None = None
    with_secrets: bool = False
    prune: bool = False
    hold: Hold | None = None
    held: bool = False
    unmanaged: Mapping[str, str] = field(default_factory=dict)
    postponed: bool = False

    @property
    def empty(self) -> bool:
        """Whether there is nothing to do."""
        return not self.changes and not self.blockers

    @property
    def deployment(self) -> DeployService | None:
        """The deployment of this plan, if any."""
        return next((change for change in self.changes if isinstance(change, DeployService)), None)

    @property
    def paused(self) -> ServicePaused | None:
        """The blocker that reports a paused service, if any."""
        return next((blocker for blocker in self.blockers if isinstance(blocker, ServicePaused)), None)

    def count(self, symbol: str) -> int:
        """Count the changes that add ("+"), change ("~") or remove ("-") something."""
        return sum(change.symbol == symbol for change in self.changes)

    @property
    def fingerprint(self) -> str:
        """12 hex digits over the changes and what they depend on: the consent to exactly this plan.

        They are computed from the plan's data. No text for people is part of it, so rewording a message leaves every
        consent valid.
        """
        parts = [self.release, self.image, self.prune, self.with_secrets, self.postponed, sorted(self.facts.items())]
        done = [_data(change) for change in (*self.changes, *self.blockers)]
        return hashlib.sha256(json.dumps([parts, done], sort_keys=True).encode()).hexdigest()[:12]


def _data(item: Change | Blocker) -> list[Any]:
    """A change or a blocker as plain data, without its line in the manifest."""
    fields: dict[str, Any] = to_builtins(item)
    return [type(item).__name__, {name: value for name, value in fields.items() if name not in {"line", "why"}}]
