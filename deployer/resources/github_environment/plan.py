"""Plan the changes from what GitHub has to what a manifest asks for, each with its cause."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from math import floor
from typing import Final, Literal

from msgspec import Struct

from deployer.core.observed import ObservedParameter
from deployer.github.limits import NAMES_AT_MOST
from deployer.resources.github_environment.blocker import (
    Archived,
    Blocker,
    NotSecure,
    NotStored,
    OtherRepository,
    TooMany,
)
from deployer.resources.github_environment.cause import Cause, CauseKind
from deployer.resources.github_environment.desired import RECORD, DesiredGitHub
from deployer.resources.github_environment.notice import LeftAlone, MayDeploy, Notice, OpenSecret, SetByHand, Unreviewed
from deployer.resources.github_environment.state import (
    ObservedGitHub,
    ObservedVariable,
    Record,
    read_record,
    write_record,
)

Kind = Literal["environment", "branch", "variable", "secret", "record"]

NEW: Final = Cause(kind=CauseKind.NEW)


class Change(Struct, frozen=True):
    """One change: `+` adds, `~` changes, `-` removes. `value` is the new value of a variable; never a secret."""

    kind: Kind
    symbol: Literal["+", "~", "-"]
    name: str
    cause: Cause
    value: str = ""
    line: str = ""

    @property
    def words(self) -> str:
        """The object of the change, such as `secret META_APP_SECRET`."""
        return f"{self.kind} {self.name}"


class SyncPlan(Struct, frozen=True):
    """The changes to one environment of a repository, in order, and the notes that are only shown."""

    repository: str
    environment: str
    changes: tuple[Change, ...]
    notices: tuple[Notice, ...]
    blockers: tuple[Blocker, ...]
    unchanged: int
    unreviewed: bool = False  # protect.confirm counts on required reviewers, and there are none

    @property
    def empty(self) -> bool:
        return not self.changes and not self.blockers


def fingerprint(plans: tuple[SyncPlan, ...]) -> str:
    """12 hex digits over all changes: the consent to exactly these plans."""
    parts = [(plan.repository, plan.environment, plan.changes, plan.blockers) for plan in plans]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def plan_sync(
    desired: DesiredGitHub, observed: ObservedGitHub, parameters: Mapping[str, ObservedParameter]
) -> SyncPlan:
    """Plan one environment. `parameters` are the secrets that SSM holds, by path, with their times."""
    kept = observed.variables.get(RECORD)
    record = read_record(kept.value if kept else None)
    sent = list(_sent(desired, observed, parameters, record, kept))
    changes = [
        *_environment(desired, observed),
        *_branches(desired, observed, record),
        *_variables(desired, observed),
        *sent,
        *_removed(desired, observed, record),
    ]
    held = {name: parameters[path].version for name, path in desired.secrets.items() if path in parameters}
    after = Record(record.number + 1, tuple(sorted(desired.branches)), tuple(sorted(desired.variables)), held)
    if sent or kept is None or not record.same_names(after):
        cause = Cause(kind=CauseKind.RECORD_OTHER if kept else CauseKind.RECORD_NEW)
        changes.append(Change("record", "~" if kept else "+", RECORD, cause, write_record(after)))
    touched = {change.name for change in changes}
    names = [*desired.branches, *desired.variables, *desired.secrets]
    return SyncPlan(
        repository=desired.repository,
        environment=desired.environment,
        changes=tuple(changes),
        notices=tuple(_notices(desired, observed, record)),
        unreviewed=desired.reviewed and not (observed.environment and observed.environment.reviewed),
        blockers=(*desired.problems, *_blockers(desired, observed, parameters)),
        unchanged=sum(name not in touched for name in names),
    )


def _environment(desired: DesiredGitHub, observed: ObservedGitHub) -> Iterator[Change]:
    if observed.environment is None:
        yield Change("environment", "+", desired.environment, NEW)
    elif desired.branches and observed.environment.policy != "custom":
        to_all = observed.environment.policy == "all"
        kind = CauseKind.OPEN_TO_ALL if to_all else CauseKind.OPEN_TO_PROTECTED
        yield Change("environment", "~", desired.environment, Cause(kind=kind))


def _branches(desired: DesiredGitHub, observed: ObservedGitHub, record: Record) -> Iterator[Change]:
    there = observed.environment.branches if observed.environment else {}
    for branch in desired.branches:
        if branch not in there:
            yield Change("branch", "+", branch, Cause(kind=CauseKind.BRANCH_NAMED))
    for branch in sorted(there.keys() & set(record.branches) - set(desired.branches)):
        yield Change("branch", "-", branch, Cause(kind=CauseKind.BRANCH_NOT_NAMED))


def _variables(desired: DesiredGitHub, observed: ObservedGitHub) -> Iterator[Change]:
    for name, value in desired.variables.items():
        live = observed.variables.get(name)
        if live is None:
            yield Change("variable", "+", name, NEW, value, desired.line(name))
        elif live.value != value:
            yield Change("variable", "~", name, Cause(kind=CauseKind.OTHER_VALUE), value, desired.line(name))


def _sent(
    desired: DesiredGitHub,
    observed: ObservedGitHub,
    parameters: Mapping[str, ObservedParameter],
    record: Record,
    kept: ObservedVariable | None,
) -> Iterator[Change]:
    for name, path in desired.secrets.items():
        parameter, there = parameters.get(path), observed.secrets.get(name)
        if parameter is None:
            continue
        if there is None:
            cause = Cause(kind=CauseKind.NEW, version=parameter.version)
            yield Change("secret", "+", name, cause, line=desired.line(name))
        elif again := _why_again(parameter, there, record.secrets.get(name), kept.updated if kept else there):
            yield Change("secret", "~", name, again, line=desired.line(name))


def _why_again(parameter: ObservedParameter, there: float, version: int | None, recorded: float) -> Cause | None:
    """Why a secret is sent although GitHub has one with its name: GitHub never returns a secret's value."""
    if version is None:
        return Cause(kind=CauseKind.NOT_FROM_HERE, version=parameter.version, there=there)
    if version != parameter.version:
        return Cause(kind=CauseKind.OTHER_VERSION, version=parameter.version, sent=version)
    if floor(parameter.changed) > there:
        return Cause(kind=CauseKind.CHANGED_LATER, changed=parameter.changed, there=there)
    if there > recorded:
        return Cause(kind=CauseKind.REPLACED, there=there)
    return None


def _removed(desired: DesiredGitHub, observed: ObservedGitHub, record: Record) -> Iterator[Change]:
    cause = Cause(kind=CauseKind.NOT_ASKED)
    for name in sorted(observed.variables.keys() & set(record.variables) - desired.variables.keys()):
        yield Change("variable", "-", name, cause)
    for name in sorted(observed.secrets.keys() & record.secrets.keys() - desired.secrets.keys()):
        yield Change("secret", "-", name, cause)


def _notices(desired: DesiredGitHub, observed: ObservedGitHub, record: Record) -> Iterator[Notice]:
    asked = {*desired.variables, RECORD}
    for name in sorted(observed.variables.keys() - asked - set(record.variables)):
        yield OpenSecret(name) if name in desired.secrets else LeftAlone("variable", name)
    for name in sorted(observed.secrets.keys() - desired.secrets.keys() - record.secrets.keys() - set(desired.by_hand)):
        yield LeftAlone("secret", name)
    for name in desired.by_hand:
        if name not in observed.secrets:
            yield SetByHand(name)
    live = observed.environment
    if desired.reviewed and not (live and live.reviewed):
        yield Unreviewed(desired.environment)
    if live is None:
        return
    for branch in sorted(live.branches.keys() - set(desired.branches) - set(record.branches)):
        yield MayDeploy("branch", branch)
    for tag in live.tags:
        yield MayDeploy("tag", tag)


def _blockers(
    desired: DesiredGitHub, observed: ObservedGitHub, parameters: Mapping[str, ObservedParameter]
) -> Iterator[Blocker]:
    for name, path in desired.secrets.items():
        parameter = parameters.get(path)
        if parameter is None:
            yield NotStored(path=path, generated=path in desired.generated, line=desired.line(name))
        elif not parameter.secure:
            yield NotSecure(path=path, line=desired.line(name))
    if observed.archived:
        yield Archived()
    if desired.ids and desired.ids != (observed.owner_id, observed.repository_id):
        yield OtherRepository(owner=observed.owner_id, repository=observed.repository_id)
    counts: tuple[tuple[Literal["variables", "secrets"], set[str]], ...] = (
        ("variables", {*observed.variables, *desired.variables, RECORD}),
        ("secrets", {*observed.secrets, *desired.secrets}),
    )
    for what, names in counts:
        if len(names) > NAMES_AT_MOST:
            yield TooMany(what=what, count=len(names), limit=NAMES_AT_MOST)
