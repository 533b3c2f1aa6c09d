"""A plan: what will change, why, and what stands in the way. It can be shown and saved; it holds no secret."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from msgspec import Struct, field

from deployer.core.change import Change, DeployService
from deployer.core.hold import Hold
from deployer.core.part import Blocker, Notice
from deployer.core.release import RecordedRelease


class Plan(Struct, frozen=True):
    """Everything a person or a program needs to say yes.

    `changes` are in the order they are applied. `release` is the id the service will report, `content` what it is made
    of, `image` what it will run by digest. `versions` are the parameter versions it will hold, by variable; `anew`
    marks those that were deleted and made again. `facts` are what the plan stands on; `took` are the seconds of the
    last healthy deployments; `known_bad` is the number of a release that was the same and failed; `rollback_to` is the
    release that this plan brings back. `hold` is the hold on the environment, `held` whether it refuses this plan.
    `unmanaged` are settings of the service that the manifest does not name.
    `paused` is the blocker, which is also among `blockers`, that a paused service is. `postponed` says why the plan
    waits as a whole although nothing blocks it: the manifest declares the paused service paused; "" when it does not.
    """

    app: str
    environment: str
    account: str
    region: str
    live: RecordedRelease | None
    release: str
    content: str
    image: str
    tag: str
    versions: Mapping[str, int]
    anew: Mapping[str, str]
    changes: tuple[Change, ...]
    notices: tuple[Notice, ...]
    blockers: tuple[Blocker, ...]
    warnings: tuple[str, ...]
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
    paused: Blocker | None = None
    postponed: str = ""

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return not self.changes and not self.blockers

    @property
    def deployment(self) -> DeployService | None:
        """The deployment this plan needs, if any."""
        return next((change for change in self.changes if isinstance(change, DeployService)), None)

    def count(self, symbol: str) -> int:
        """How many changes add ("+"), change ("~") or remove ("-")."""
        return sum(change.symbol == symbol for change in self.changes)

    @property
    def fingerprint(self) -> str:
        """12 hex digits over what will be done and what it stands on: the consent to exactly this plan."""
        parts = [self.release, self.image, self.prune, self.with_secrets, sorted(self.facts.items())]
        done = [(type(c).__name__, c.symbol, c.address, c.detail) for c in self.changes]
        blockers = [(blocker.what, blocker.fix, blocker.line) for blocker in self.blockers]
        waits = [self.postponed] if self.postponed else []
        return hashlib.sha256(repr([*parts, done, blockers, *waits]).encode()).hexdigest()[:12]
