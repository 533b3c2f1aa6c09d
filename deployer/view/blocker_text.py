"""What blocks a plan, as text: what is wrong, the command or step that fixes it, and the line of the manifest."""

from __future__ import annotations

from msgspec import Struct

from deployer.resources.plan import Plan
from deployer.resources.unions import Blocker
from deployer.view.resources.texts import describe_blocker


class BlockerText(Struct, frozen=True):
    """A blocker for people: what is wrong, its fix, and the line of the manifest, "" when there is none."""

    what: str
    fix: str
    line: str = ""


def blockers(plan: Plan) -> tuple[BlockerText, ...]:
    """Every blocker of a plan."""
    return tuple(render_blocker(blocker, plan) for blocker in plan.blockers)


def render_blocker(blocker: Blocker, plan: Plan) -> BlockerText:
    """One blocker of a plan."""
    what, fix = describe_blocker(blocker, plan)
    return BlockerText(what, fix, blocker.line)
