"""A hold as JSON for programs."""

from __future__ import annotations

from deployer.core.hold import Hold
from deployer.view.documents import HoldDocument


def hold_document(environment: str, hold: Hold | None) -> HoldDocument | None:
    """The hold on an environment; None when there is none."""
    if hold is None:
        return None
    return HoldDocument(
        id=hold.id,
        environment=environment,
        kind=hold.kind,
        who=hold.who,
        when=hold.when,
        reason=hold.reason,
        release=hold.release,
        to=hold.to,
    )
