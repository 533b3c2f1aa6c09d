"""Plan the changes from what GitHub has to what a manifest asks for, each with its reason."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from math import floor
from typing import Final, Literal

from msgspec import Struct

from deployer.core.advice import Note, Problem
from deployer.core.facts import ParameterFact
from deployer.github.limits import NAMES_AT_MOST
from deployer.resources.github_environment.desired import RECORD, DesiredGitHub
from deployer.resources.github_environment.facts import GitHubFacts, Record, VariableFact, read_record, write_record

Kind = Literal["environment", "branch", "variable", "secret", "record"]

UNREVIEWED: Final = (
    "protect.confirm needs required reviewers, and the GitHub environment has none: set them in its settings"
)


class Change(Struct, frozen=True):
    """One change: `+` adds, `~` changes, `-` removes. `value` is the new value of a variable; never a secret."""

    kind: Kind
    symbol: Literal["+", "~", "-"]
    name: str
    reason: str
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
    notices: tuple[Note, ...]
    blockers: tuple[Problem, ...]
    unchanged: int
    unreviewed: bool = False  # protect.confirm counts on required reviewers, and there are none

    @property
    def empty(self) -> bool:
        return not self.changes and not self.blockers


def fingerprint(plans: tuple[SyncPlan, ...]) -> str:
    """12 hex digits over all changes: the consent to exactly these plans."""
    parts = [(plan.repository, plan.environment, plan.changes, plan.blockers) for plan in plans]
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def plan(wanted: DesiredGitHub, facts: GitHubFacts, parameters: Mapping[str, ParameterFact]) -> SyncPlan:
    """Plan one environment. `parameters` are the secrets that SSM holds, by path, with their times."""
    kept = facts.variables.get(RECORD)
    record = read_record(kept.value if kept else None)
    sent = list(_sent(wanted, facts, parameters, record, kept))
    changes = [
        *_environment(wanted, facts),
        *_branches(wanted, facts, record),
        *_variables(wanted, facts),
        *sent,
        *_removed(wanted, facts, record),
    ]
    held = {name: parameters[path].version for name, path in wanted.secrets.items() if path in parameters}
    after = Record(record.number + 1, tuple(sorted(wanted.branches)), tuple(sorted(wanted.variables)), held)
    if sent or kept is None or not record.same_names(after):
        reason = (
            "names and versions that the deployer has set"
            if kept is None
            else "the deployer has set other names or versions"
        )
        changes.append(Change("record", "~" if kept else "+", RECORD, reason, write_record(after)))
    touched = {change.name for change in changes}
    names = [*wanted.branches, *wanted.variables, *wanted.secrets]
    return SyncPlan(
        repository=wanted.repository,
        environment=wanted.environment,
        changes=tuple(changes),
        notices=tuple(_notices(wanted, facts, record)),
        unreviewed=wanted.reviewed and not (facts.environment and facts.environment.reviewed),
        blockers=(*wanted.problems, *_blockers(wanted, facts, parameters)),
        unchanged=sum(name not in touched for name in names),
    )


def _environment(wanted: DesiredGitHub, facts: GitHubFacts) -> Iterator[Change]:
    if facts.environment is None:
        yield Change("environment", "+", wanted.environment, "new")
    elif wanted.branches and facts.environment.policy != "custom":
        now = "every branch" if facts.environment.policy == "all" else "every protected branch"
        yield Change("environment", "~", wanted.environment, f"{now} may deploy it, and protect.branches names a few")


def _branches(wanted: DesiredGitHub, facts: GitHubFacts, record: Record) -> Iterator[Change]:
    there = facts.environment.branches if facts.environment else {}
    for branch in wanted.branches:
        if branch not in there:
            yield Change("branch", "+", branch, "protect.branches names it")
    for branch in sorted(there.keys() & set(record.branches) - set(wanted.branches)):
        yield Change("branch", "-", branch, "protect.branches no longer names it")


def _variables(wanted: DesiredGitHub, facts: GitHubFacts) -> Iterator[Change]:
    for name, value in wanted.variables.items():
        found = facts.variables.get(name)
        if found is None:
            yield Change("variable", "+", name, "new", value, wanted.line(name))
        elif found.value != value:
            yield Change("variable", "~", name, "GitHub has another value", value, wanted.line(name))


def _sent(
    wanted: DesiredGitHub,
    facts: GitHubFacts,
    parameters: Mapping[str, ParameterFact],
    record: Record,
    kept: VariableFact | None,
) -> Iterator[Change]:
    for name, path in wanted.secrets.items():
        parameter, there = parameters.get(path), facts.secrets.get(name)
        if parameter is None:
            continue
        if there is None:
            yield Change("secret", "+", name, f"new: version {parameter.version}", line=wanted.line(name))
        elif reason := _why_again(parameter, there, record.secrets.get(name), kept.updated if kept else there):
            yield Change("secret", "~", name, reason, line=wanted.line(name))


def _why_again(parameter: ParameterFact, there: float, version: int | None, recorded: float) -> str:
    """Why a secret is sent although GitHub has one with its name: GitHub never returns a secret's value."""
    if version is None:
        return f"sent again, version {parameter.version}: that of GitHub ({_when(there)}) did not come from here"
    if version != parameter.version:
        return f"sent again: SSM has version {parameter.version}, GitHub was sent version {version}"
    if floor(parameter.changed) > there:
        return f"sent again: SSM's is of {_when(parameter.changed)}, GitHub's of {_when(there)}"
    if there > recorded:
        return f"sent again: it was replaced on GitHub at {_when(there)}"
    return ""


def _removed(wanted: DesiredGitHub, facts: GitHubFacts, record: Record) -> Iterator[Change]:
    for name in sorted(facts.variables.keys() & set(record.variables) - wanted.variables.keys()):
        yield Change("variable", "-", name, "the manifest no longer asks for it")
    for name in sorted(facts.secrets.keys() & record.secrets.keys() - wanted.secrets.keys()):
        yield Change("secret", "-", name, "the manifest no longer asks for it")


def _notices(wanted: DesiredGitHub, facts: GitHubFacts, record: Record) -> Iterator[Note]:
    asked = {*wanted.variables, RECORD}
    for name in sorted(facts.variables.keys() - asked - set(record.variables)):
        open_secret = name in wanted.secrets
        why = "a variable with the name of a secret: everyone can read it" if open_secret else "left: not from here"
        yield Note("?", f"variable {name}", why)
    for name in sorted(facts.secrets.keys() - wanted.secrets.keys() - record.secrets.keys() - set(wanted.by_hand)):
        yield Note("?", f"secret {name}", "left: not from here")
    for name in wanted.by_hand:
        if name not in facts.secrets:
            yield Note("!", f"secret {name}", f"the jobs need it: gh secret set {name} --env {wanted.environment}")
    found = facts.environment
    if wanted.reviewed and not (found and found.reviewed):
        yield Note("!", f"reviewers {wanted.environment}", UNREVIEWED)
    if found is None:
        return
    for branch in sorted(found.branches.keys() - set(wanted.branches) - set(record.branches)):
        yield Note("?", f"branch {branch}", "left: it may deploy, and protect.branches does not name it")
    for tag in found.tags:
        yield Note("?", f"tag {tag}", "left: it may deploy, and protect.branches does not name it")


def _blockers(wanted: DesiredGitHub, facts: GitHubFacts, parameters: Mapping[str, ParameterFact]) -> Iterator[Problem]:
    for name, path in wanted.secrets.items():
        parameter, secret = parameters.get(path), path.rpartition("/")[2]
        if parameter is None:
            fix = f"just secret {'generate' if path in wanted.generated else 'set'} {wanted.environment} {secret}"
            yield Problem(f"{path}: not in SSM, so there is nothing to send", fix, wanted.line(name))
        elif not parameter.secure:
            fix = f"just plan {wanted.environment}"
            yield Problem(f"{path}: not a SecureString in SSM, so it is not sent", fix, wanted.line(name))
    if facts.archived:
        yield Problem(f"{wanted.repository} is archived: nothing of it can be changed", "unarchive it on GitHub", "")
    if wanted.ids and wanted.ids != (facts.owner_id, facts.repository_id):
        numbers = f"owner: {facts.owner_id}, repository: {facts.repository_id}"
        yield Problem(
            f"{wanted.repository} is another repository than github.ids names: on GitHub it is {{{numbers}}}",
            "check who owns it now, then correct github.ids or github.repository",
            "",
        )
    for kind, names in (
        ("variables", {*facts.variables, *wanted.variables, RECORD}),
        ("secrets", {*facts.secrets, *wanted.secrets}),
    ):
        if len(names) > NAMES_AT_MOST:
            fix = "remove some of them on GitHub"
            yield Problem(f"{len(names)} {kind}: an environment takes at most {NAMES_AT_MOST}", fix, "")


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
