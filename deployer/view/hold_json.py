"""A hold as JSON for programs."""

from __future__ import annotations

from deployer.core.hold import Hold
from deployer.view.documents.hold import HoldDocument
from deployer.view.hold_text import reason, who


def hold_document(environment: str, hold: Hold | None) -> HoldDocument | None:
    """The hold on an environment; None when there is none."""
    if hold is None:
        return None
    return HoldDocument(
        id=hold.id,
        environment=environment,
        kind=hold.kind,
        who=who(hold),
        when=hold.when,
        reason=reason(hold),
        release=hold.release,
        to=hold.to,
    )
