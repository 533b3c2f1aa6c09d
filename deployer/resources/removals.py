"""Plan the deletion of an environment: what is deleted, in which order, and what is kept."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired
from deployer.core.reason import History, TargetLogs
from deployer.resources.registry import KINDS
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions, Removals, UnreadyResource


def decide_removals(desired: Desired, remains: Remains, options: RemovalOptions) -> Removals:
    """Decide about everything that is left of an environment. Pure.

    The service goes first, because it reads the rest; then the kinds in the reverse of the order of their creation.
    """
    every = (
        *_service(desired, remains),
        *(one for kind in reversed(KINDS) for one in kind.removals(desired, remains, options)),
        *_always(desired),
    )
    return Removals(
        tuple(one for one in every if isinstance(one, Removal)),
        tuple(one for one in every if isinstance(one, KeptResource)),
        tuple(one for one in every if isinstance(one, UnreadyResource)),
    )


def _service(desired: Desired, remains: Remains) -> Iterator[Removal]:
    if remains.service:
        yield Removal("service", desired.service_name)
    if remains.scalings:
        yield Removal("scaling", desired.service_name)


def _always(desired: Desired) -> Iterator[KeptResource]:
    yield KeptResource("history", desired.ledger, History())
    logs = desired.target.log_groups.format(service=desired.service_name)
    yield KeptResource("logs", logs, TargetLogs(desired.target.title))
