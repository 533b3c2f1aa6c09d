"""The part of a plan that one kind of resource contributes."""

from __future__ import annotations

from msgspec import Struct

from deployer.core.blocker import Blocker
from deployer.core.change import Change
from deployer.core.notice import Notice


class PlanPart(Struct, frozen=True):
    """Changes in the order they are applied, notices to show next to them, and what blocks them."""

    changes: tuple[Change, ...] = ()
    notices: tuple[Notice, ...] = ()
    blockers: tuple[Blocker, ...] = ()
