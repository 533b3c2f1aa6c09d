"""Whether an account can use App Runner."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from botocore.exceptions import ClientError

from deployer.aws.errors import explain, is_busy, is_denied
from deployer.core.finding import TargetFinding

ABOUT: Final = "app runner"


def examine_services(services: Iterable[object]) -> Iterator[TargetFinding]:
    """Whether App Runner answers, and is in use. `services` asks it for all there are."""
    try:
        count = sum(1 for _ in services)
    except ClientError as error:
        if is_denied(error) or is_busy(error):
            raise
        said = explain(error)
        yield TargetFinding(
            about=ABOUT,
            state="problem",
            text=f"{said.what}: {said.why}",
            fix="since 2026-04-30 App Runner takes no new customers: use an account that used it before",
        )
    else:
        yield use(count)


def use(count: int) -> TargetFinding:
    """App Runner takes no new customers since 2026-04-30 (App Runner developer guide, "availability change")."""
    if count:
        return TargetFinding(about=ABOUT, state="ok", text=f"{count} services in this account and region")
    return TargetFinding(
        about=ABOUT,
        state="note",
        text="no service yet; since 2026-04-30 App Runner takes only accounts that used it before, "
        "which a first CreateService would show",
    )
