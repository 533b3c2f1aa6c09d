"""The interface of one kind of resource that the deployer keeps equal to the manifest.

A kind is a folder: `desired.py` reads the manifest (pure), `observed.py` reads the live state, `plan.py` decides what
changes (pure), `apply.py` applies one change, `rights.py` lists the calls (pure), `destroy.py` decides about deletions
and makes them. Its `kind.py` gathers them, and `registry.py` lists the kinds in the order in which they are read,
applied and shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeAlias

from msgspec import Struct, field

from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.observed import Observed, ObservedParameter
from deployer.core.policies.rights import Right
from deployer.core.release import RecordedRelease
from deployer.core.target import Call
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import Manifest
from deployer.resources.part import PlanPart, Running
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions, UnreadyResource


class Records(Struct, frozen=True):
    """The ledger's parameters, by path: they are read in the same calls as those of the environment."""

    names: tuple[str, ...] = ()
    found: dict[str, ObservedParameter] = field(default_factory=dict)


class Reading(Struct, frozen=True):
    """The inputs for reading the live state. Calls that need no other call's answer are submitted to the pool.

    `prune` means that the plan may delete parameters.
    """

    session: Session
    desired: Desired
    pool: ThreadPoolExecutor
    prune: bool = False
    records: Records = field(default_factory=Records)


# Waits for the answers, and adds what this kind observes.
Collect: TypeAlias = Callable[[Observed], Observed]
CollectRemains: TypeAlias = Callable[[Remains], Remains]


class Applying(Struct):
    """The inputs for applying a change, and what it leaves for later changes of the same plan.

    `report_progress` takes a group and a text. `repeated` means that a parameter got more than one version, because the
    client repeated a call after a network error; `changed_roles` that a role was changed, which AWS takes a while to
    make known everywhere.
    """

    session: Session
    image_manifest: bytes | None
    recreation_seconds: float
    report_progress: Callable[[str, str], None]
    repeated: bool = False
    changed_roles: bool = False


def desired_as_chosen(desired: Desired, loaded: LoadedManifest) -> Desired:
    """Add nothing, for a kind whose desired state the caller chose."""
    del loaded
    return desired


def no_operations(_: Desired) -> Mapping[str, tuple[Call, ...]]:
    """The `operates` of a kind whose content no operator uses."""
    return {}


def no_calls(desired: Desired) -> Iterable[Call]:
    """The calls of a kind that makes none."""
    del desired
    return ()


def no_names(other: Manifest, region: str) -> Iterable[str]:
    """The names of a kind that no two environments share."""
    del other, region
    return ()


class Prune(Protocol):
    """Plans the deletions that come after everything else, and notices about what is kept.

    `previous` is the release to roll back to after this plan; `prune` means that the user asked to delete.
    """

    def __call__(
        self, desired: Desired, observed: Observed, previous: RecordedRelease | None, *, prune: bool
    ) -> PlanPart: ...


def no_removals(desired: Desired, observed: Observed, previous: RecordedRelease | None, *, prune: bool) -> PlanPart:
    """Plan no deletion: only `destroy` deletes this kind."""
    del desired, observed, previous, prune
    return PlanPart()


class Kind(Struct, frozen=True):
    """The functions of one kind of resource.

    `desired` adds what the manifest asks for, `observe` reads the live state, and `plan` compares the two. `changes`
    are the classes of its changes, `calls` the rights of those calls that no other kind makes. `reads` are the calls of
    every plan, `inspects` those before a deployment, `writes` those of a reconcile, `repairs` those that only some
    reconciles make, and `operates`, by verbs, those by which an operator uses the content. `named` gives what another
    manifest of the account names of the kind, where that is also found from a region. `remains` reads what is left of
    the kind in AWS, `removals` decides what of it is deleted with the environment, kept, or not ready, and `delete`
    deletes one of `deletes`.
    """

    name: str
    desired: Callable[[Desired, LoadedManifest], Desired]
    plan: Callable[[Desired, Observed, Running], PlanPart]
    prune: Prune
    changes: tuple[type, ...]
    calls: Mapping[str, tuple[Right, ...]]
    observe: Callable[[Reading], Collect]
    apply: Callable[[Any, Applying], None]
    reads: Callable[[Desired], Iterable[Call]]
    inspects: Callable[[Desired], Iterable[Call]]
    writes: Callable[[Desired], Iterable[Call]]
    repairs: Callable[[Desired], Iterable[Call]]
    operates: Callable[[Desired], Mapping[str, tuple[Call, ...]]]
    named: Callable[[Manifest, str], Iterable[str]]
    remains: Callable[[Reading], CollectRemains]
    removals: Callable[[Desired, Remains, RemovalOptions], Iterable[Removal | KeptResource | UnreadyResource]]
    deletes: frozenset[str]
    delete: Callable[[Session, Desired, Removal], None]
