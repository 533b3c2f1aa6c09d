"""The parameters: written when they differ, adopted when somebody else made them, removed only when asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from msgspec import Struct, field

from deployer.core.change import AdoptParameter, DeleteParameter, PutParameter, RecreateParameter
from deployer.core.desired import Desired, WantedParameter
from deployer.core.drift_item import parameter_item, version_at
from deployer.core.facts import Facts, ParameterFact
from deployer.core.part import Blocker, Notice, Part
from deployer.core.person import person
from deployer.core.reasons import CHANGED, CREATED, LEFT, OUTSIDE, REMOVED
from deployer.core.release import RecordedRelease, Release, replaced_path
from deployer.names import variable_or_none


class VariablesPart(Part, frozen=True):
    """`versions` are those the service will hold, by variable; `removals` come after everything else.

    `anew` marks a variable whose parameter was deleted and made again with the version it had: nothing else tells it
    from the one that containers hold.
    """

    versions: dict[str, int] = field(default_factory=dict)
    anew: dict[str, str] = field(default_factory=dict)
    removals: tuple[DeleteParameter, ...] = ()
    unchanged: int = 0


class _One(Struct, frozen=True):
    """What one parameter needs, and which version it will have."""

    version: int
    change: PutParameter | RecreateParameter | AdoptParameter | None = None
    notice: Notice | None = None
    blocker: Blocker | None = None


def variables(
    desired: Desired, facts: Facts, last: RecordedRelease | None, previous: RecordedRelease | None, *, prune: bool
) -> VariablesPart:
    """`last` is the release that runs, `previous` the one to go back to once this plan is carried out."""
    ones = [_one(desired, wanted, facts, last) for wanted in desired.parameters]
    versions = {wanted.variable: one.version for wanted, one in zip(desired.parameters, ones, strict=True)}
    marks = {
        wanted.variable: _anew(facts.parameters.get(wanted.path), wanted, one, last)
        for wanted, one in zip(desired.parameters, ones, strict=True)
    }
    removals, left = _removals(desired, facts, previous, prune=prune)
    refused = tuple(_refused(desired, facts))
    return VariablesPart(
        changes=tuple(one.change for one in ones if one.change),
        notices=(*(one.notice for one in ones if one.notice), *left),
        blockers=(*(one.blocker for one in ones if one.blocker), *refused),
        versions=versions,
        anew={variable: mark for variable, mark in marks.items() if mark},
        removals=removals,
        unchanged=sum(one.change is None and one.blocker is None for one in ones),
    )


def _one(desired: Desired, wanted: WantedParameter, facts: Facts, last: RecordedRelease | None) -> _One:
    found = facts.parameters.get(wanted.path)
    if wanted.restore is not None:
        return _restored(desired, wanted, found, facts.restorable.get(wanted.path, "gone"))
    if wanted.secure:
        if found is None or not found.secure:
            return _secret(desired, wanted, found, last)
    elif found is None or found.secure or found.value != wanted.value:
        return _put(desired, wanted, found, _why(desired, wanted, found, last, facts))
    elif wanted.description not in {None, found.description}:
        return _put(desired, wanted, found, f"{desired.asks}: description")
    return _One(found.version, change=_adopted(wanted, found, last), notice=_staged(wanted, found, last))


def _adopted(wanted: WantedParameter, found: ParameterFact, last: RecordedRelease | None) -> AdoptParameter | None:
    """The tag for a parameter that never had it, or that has lost it since the running release."""
    if found.ours:
        return None
    reason = CREATED if _held(wanted, last) is None else CHANGED
    return AdoptParameter(wanted, symbol="~", reason=reason, line=wanted.line)


def _put(desired: Desired, wanted: WantedParameter, found: ParameterFact | None, reason: str) -> _One:
    if found and _is_fixed(wanted, found):
        return _recreated(desired, wanted, found, reason)
    version = found.version + 1 if found else 1
    change = PutParameter(
        wanted,
        version=version,
        old=found.value if found else None,
        tier=found.tier if found else "Standard",
        adopts=found is not None and not found.ours,
        symbol="~" if found else "+",
        reason=reason,
        line=wanted.line,
    )
    return _One(version, change=change)


def _is_fixed(wanted: WantedParameter, found: ParameterFact) -> bool:
    """Whether the parameter has a type that PutParameter with Overwrite does not change to the wanted one.

    The API reference says so of every type (PutParameter, HierarchyTypeMismatchException). An older version of a secret
    below a plain String is the proof that this parameter's type was changed: such a secret is written over it, because
    the value that is wanted back would go with the parameter.
    """
    if wanted.restore is not None:
        return False
    return found.secure != wanted.secure or found.listed is not None or found.data_type != "text"


def _recreated(desired: Desired, wanted: WantedParameter, found: ParameterFact, reason: str) -> _One:
    plain = found.value if found.listed is None else found.listed
    change = RecreateParameter(
        wanted,
        was=found.type if found.data_type == "text" else f"{found.type} of {found.data_type}",
        old=None if wanted.secure else plain,
        kept=replaced_path(desired.ledger, wanted.name),
        tier=found.tier,
        symbol="~",
        reason=reason,
        line=wanted.line,
    )
    return _One(change.version, change=change)


def _secret(
    desired: Desired, wanted: WantedParameter, found: ParameterFact | None, last: RecordedRelease | None
) -> _One:
    """A secret that is missing, or a plain String: made where the manifest says how, else a person has to set it."""
    plain = "its value could be read: replace what it opens"
    held = _held(wanted, last)
    was_literal = last is not None and wanted.variable in last.release.literals
    if wanted.origin:
        missing = "missing" if held is None else REMOVED
        readable = "drift: made readable outside the deployer"
        if held is None or was_literal:
            readable = f"{desired.asks}: it was a literal" if was_literal else "was readable"
        return _put(desired, wanted, found, missing if found is None else f"{readable}; {plain}")
    exposed = f"a plain {found.type if found else ''} in SSM, but {desired.source} says secret"
    what = "the secret has no value in SSM" if found is None else exposed
    command = f"just secret set {desired.environment} {wanted.name}"
    fix = command if found is None else f"{command}   ({plain})"
    line = wanted.line
    if desired.rollback_to:  # the manifest may name no such secret by now
        other = f"choose another release: just releases {desired.environment}, then --to NUMBER"
        fix, line = other if found is None else f"{_as_secret(desired, wanted)}; or {other}", ""
    item = None
    if held is not None and not was_literal:
        live = f"plain {found.type} v{found.version} of {wanted.path}" if found else None
        item = parameter_item(wanted.variable, "secret", version_at(held, wanted.path), live, found)
    blocker = Blocker(f"{wanted.variable}: {what}", fix, line, item)
    return _One(held or 0, blocker=blocker)


def _restored(desired: Desired, wanted: WantedParameter, found: ParameterFact | None, state: str) -> _One:
    if state == "gone" or found is None:
        what = f"{wanted.variable}: version {wanted.restore} of the secret is no longer in SSM"
        without = "roll back without --with-secrets"
        plain = found is not None and not found.secure
        blocker = Blocker(what, _as_secret(desired, wanted) if plain else without, wanted.line)
        return _One(found.version if found else 0, blocker=blocker)
    same = state == "same" and found.secure
    return _One(found.version) if same else _put(desired, wanted, found, desired.asks)


def _as_secret(desired: Desired, wanted: WantedParameter) -> str:
    """How a plain parameter becomes a secret again before a rollback to a release that reads it as one."""
    command = f"just secret set {desired.environment} {wanted.name}"
    return f"write `{wanted.name}: {{kind: secret}}` in the manifest, then: {command}"


def _held(wanted: WantedParameter, last: RecordedRelease | None) -> int | None:
    """The version that containers hold, as far as the ledger knows."""
    return last.release.versions.get(wanted.variable) if last else None


def _anew(found: ParameterFact | None, wanted: WantedParameter, one: _One, last: RecordedRelease | None) -> str | None:
    """A mark for a parameter that has the version of the running release, and yet was written after it."""
    if last is None or _held(wanted, last) != one.version:
        return None
    if found is None:
        recreated = one.change is not None
    else:
        recreated = isinstance(one.change, RecreateParameter) or found.changed > last.at
    if recreated:
        return f"after release {last.number}"
    return last.release.anew.get(wanted.variable)


def _staged(wanted: WantedParameter, found: ParameterFact, last: RecordedRelease | None) -> Notice | None:
    """Set since the running release: containers get it with the next deployment."""
    held = _held(wanted, last)
    if last is None or held is None or (held == found.version and found.changed <= last.at):
        return None
    kind = "secret " if wanted.secure else "literal"
    if held == found.version:
        detail = f"{kind}  deleted and made again{_whose(found)}; containers still hold the one before"
    else:
        detail = f"{kind}  v{held} -> v{found.version}{_whose(found)}; containers still hold v{held}"
    before, now = version_at(held, wanted.path), version_at(found.version, wanted.path)
    if held == found.version:
        now = f"{now}, deleted and made again"
    item = parameter_item(wanted.variable, kind.strip(), before, now, found)
    return Notice("!", wanted.variable, detail, wanted.line, item=item)


def _left_by(
    wanted: WantedParameter, found: ParameterFact, releases: Sequence[RecordedRelease], last: RecordedRelease
) -> RecordedRelease | None:
    """The failed release that wrote this version: a deployment that fails leaves its parameters behind."""
    if _held(wanted, last) == found.version:
        return None
    later = (entry for entry in reversed(releases) if entry.number > last.number and not entry.release.healthy)
    return next((entry for entry in later if entry.release.versions.get(wanted.variable) == found.version), None)


def _unfinished(
    wanted: WantedParameter, found: ParameterFact, intended: Release | None, last: RecordedRelease
) -> Release | None:
    """The release whose run wrote this version and stopped before it was deployed to its end."""
    if intended is None or intended.id == last.release.id or _held(wanted, last) == found.version:
        return None
    wrote = intended.versions.get(wanted.variable), intended.literals.get(wanted.variable)
    return intended if wrote == (found.version, found.value) else None


def _why(
    desired: Desired, wanted: WantedParameter, found: ParameterFact | None, last: RecordedRelease | None, facts: Facts
) -> str:
    """Three-way: manifest against the last release is an edit, live against it is drift, both is a conflict."""
    if last is None or _held(wanted, last) is None:
        return desired.adds if found is None else desired.asks
    recorded = last.release.literals.get(wanted.variable)
    if found is None:
        return REMOVED
    left = ""
    if failed := _left_by(wanted, found, facts.releases, last):
        left = f"{LEFT} {failed.number}, which failed"
    elif unfinished := _unfinished(wanted, found, facts.intended, last):
        left = f"{LEFT} {unfinished.id}, which was not finished"
    if left:
        return left if wanted.value == recorded else f"{desired.asks}; {left}"
    if wanted.value == recorded:
        return CHANGED + _whose(found)
    return desired.asks if found.value == recorded else f"conflict: {desired.asks}, and {OUTSIDE}{_whose(found)}"


def _whose(found: ParameterFact) -> str:
    who = person(found.changed_by)
    when = f", {datetime.fromtimestamp(found.changed, UTC):%Y-%m-%d %H:%M} UTC" if found.changed else ""
    return when + (f" by {who}" if who else "")


def _removals(
    desired: Desired, facts: Facts, previous: RecordedRelease | None, *, prune: bool
) -> tuple[tuple[DeleteParameter, ...], list[Notice]]:
    wanted = {parameter.path for parameter in desired.parameters}
    gone = f"not in {desired.source}" if desired.rollback_to else "no longer in the manifest"
    removals, notices = list[DeleteParameter](), list[Notice]()
    for path in sorted(facts.parameters.keys() - wanted):
        variable = variable_or_none(path, desired.parameter_path)
        absent = "the service holds it itself" if variable in desired.plain else gone
        if path.rpartition("/")[0] != desired.parameter_path:
            notices.append(Notice("?", path, "in SSM, deeper than this environment's own; left alone"))
        elif not facts.parameters[path].ours:
            notices.append(Notice("?", path, f"in SSM, not in {desired.source}; left alone"))
        elif previous and variable in previous.release.versions:
            detail = f"{absent}; kept, because release {previous.number} needs it"
            notices.append(Notice("?", path, detail))
        elif not prune:
            notices.append(Notice("?", path, f"{absent}; deleted with --prune"))
        else:
            removals.append(DeleteParameter(path, symbol="-", reason=absent))
    return tuple(removals), notices


def _refused(desired: Desired, facts: Facts) -> Iterator[Blocker]:
    """Secrets that have a value which the service would refuse at its start."""
    seen = facts.inspection.secrets if facts.inspection else {}
    if reason := seen.get(""):
        what = f"the service refuses the values in SSM together: {reason}"
        yield Blocker(what, f"just secret set {desired.environment} NAME", desired.lines["variables"])
    for wanted in desired.parameters:
        if reason := seen.get(wanted.variable):
            what = f"{wanted.variable}: the service refuses the value in SSM: {reason}"
            yield Blocker(what, f"just secret set {desired.environment} {wanted.name}", wanted.line)
