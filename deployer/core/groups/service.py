"""The service: one deployment for everything that containers get only by being deployed."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from deployer.core.change import (
    AdoptParameter,
    Change,
    CreateScaling,
    DeployService,
    RecordRelease,
    TagService,
    shown,
)
from deployer.core.desired import Desired
from deployer.core.drift_item import DriftItem
from deployer.core.facts import BUSY, Facts, ServiceFact
from deployer.core.groups.pause import stale_tag
from deployer.core.groups.unmanaged import encryption, lost, notices, private
from deployer.core.groups.variables import VariablesPart
from deployer.core.part import Blocker, Part
from deployer.core.reasons import CHANGED, CREATED, LEFT, NEVER_RAN, REMOVED, drifted
from deployer.core.release import RELEASE_VARIABLE, Release
from deployer.core.service import ServiceSettings, ServiceSpec

REVISIONS = 5  # of one scaling configuration; not adjustable (App Runner developer guide, "Quotas")
DEPLOYABLE = {"RUNNING", "CREATE_FAILED", "PAUSED"}


def service(
    desired: Desired, facts: Facts, spec: ServiceSpec, release: str, variables: VariablesPart, last: Release | None
) -> Part:
    """`spec` is what is wanted, whole; `last` the recorded release that runs."""
    live, name, line = facts.service, desired.service_name, desired.lines["service"]
    scaling = _scaling(desired, facts)
    if live is None:
        reason = REMOVED if last else "missing"
        key = desired.encryption or ""
        deploy = DeployService(name, None, spec, release, (), encryption=key, symbol="+", reason=reason, line=line)
        return Part(changes=(*scaling.changes, deploy), blockers=(*scaling.blockers, *lost(desired, last)))
    if blocker := another(desired, live):
        return Part(blockers=(blocker,))
    kept = tuple(notices(desired, live, last))
    fixed = (*scaling.blockers, *encryption(desired, live), *private(desired, live))
    if live.status not in DEPLOYABLE:
        return Part(scaling.changes, kept, (*fixed, _status_blocker(desired, live)))
    changes: list[Change] = [*scaling.changes]
    if missing := {key: value for key, value in desired.tags.items() if live.tags.get(key) != value}:
        reason = CHANGED if last else CREATED if _handmade(desired, live) else "missing or different"
        changes.append(TagService(name, live.arn, missing, symbol="~", reason=reason, line=line))
    if stale := stale_tag(desired, live):
        changes.append(TagService(name, live.arn, stale, symbol="~", reason="it runs again", line=line))
    if live.spec != spec.over(live.spec) or live.status == "CREATE_FAILED":
        differences = _differences(live, spec.over(live.spec), variables, last)
        reason = _why(desired, live, spec, variables, last)
        outside = _outside(live, last)
        changes.append(
            DeployService(
                name,
                live.arn,
                spec,
                release,
                differences,
                outside,
                kept=live.unmodelled,
                symbol="~",
                reason=reason,
                line=line,
            )
        )
    elif last is None or not last.healthy or last.id != release:
        reason = "live, but not in the ledger" if last is None or last.id != release else "live, but was not healthy"
        changes.append(RecordRelease(name, release, symbol="+", reason=reason, line=line))
    return Part(tuple(changes), kept, fixed)


def _scaling(desired: Desired, facts: Facts) -> Part:
    """App Runner's scaling configurations are immutable: reuse one with these numbers, or make a new revision."""
    wanted, name, line = desired.settings.scaling, desired.service_name, desired.lines["service"]
    if any(revision.scaling == wanted for revision in facts.scalings):
        return Part()
    oldest = next((revision.arn for revision in facts.scalings if revision.free), None)
    full = len(facts.scalings) >= REVISIONS
    if full and oldest is None:
        what = f"scaling configuration {name} has {REVISIONS} revisions in use, and App Runner takes no more"
        fix = "let the services that use them go to another revision: aws apprunner list-auto-scaling-configurations"
        return Part(blockers=(Blocker(what, fix, line),))
    reason = "no revision with these numbers"
    create = CreateScaling(name, wanted, oldest if full else None, symbol="+", reason=reason, line=line)
    return Part(changes=(create,))


def _why(desired: Desired, live: ServiceFact, spec: ServiceSpec, variables: VariablesPart, last: Release | None) -> str:
    """Edit when the wish is not what was released, drift when AWS is not, staged when a value waits for it."""
    if last is None:
        made = CREATED if _handmade(desired, live) else desired.asks
        return NEVER_RAN if live.status == "CREATE_FAILED" else made
    wish = spec.image, spec.settings, desired.literals, set(variables.versions)
    released = last.image, last.settings, dict(last.literals), set(last.versions)
    values = [change for change in variables.changes if not isinstance(change, AdoptParameter)]  # a tag is no value
    outside = any(drifted(change.reason) for change in values) or _outside(live, last)
    left = next((LEFT + change.reason.partition(LEFT)[2] for change in variables.changes if LEFT in change.reason), "")
    reasons = [
        desired.asks if wish != released else "",
        CHANGED if outside else "",
        left,
        "staged" if any(notice.symbol == "!" for notice in variables.notices) else "",
    ]
    return ", ".join(filter(None, reasons)) or (desired.asks if desired.rollback_to else "parameters change")


def _handmade(desired: Desired, live: ServiceFact) -> bool:
    """Whether the service does not carry the tag that the deployer gives every service it creates."""
    return live.tags.get("managed-by") != desired.tags["managed-by"]


def _outside(live: ServiceFact, last: Release | None) -> tuple[str, ...]:
    """What of the service is not as it was released, beside its variables, which have lines of their own.

    In the direction of a plan: from what it is now to what was released.
    """
    if last is None:
        return ()
    found = ["image"] if live.spec.image != last.image else []
    if last.settings:
        now = live.spec.settings
        found += _settings(now, last.settings.over(now), {last.settings.command})
    if live.spec.environment.get(RELEASE_VARIABLE) != last.id:
        found.append("its release id")
    return tuple(found)


def service_drift(live: ServiceFact, last: Release) -> Iterator[DriftItem]:
    """What of the service itself is not as it was released, beside its variables."""
    if live.spec.image != last.image:
        yield DriftItem("image", "image", last.image, live.spec.image)
    if last.settings:
        now = live.spec.settings
        released, found = last.settings.over(now).words(), now.words()
        commands = {last.settings.command}
        for name, text in released.items():
            if found.get(name) != text:
                was = _readable(name, text, commands)
                yield DriftItem(name, "setting", was, _readable(name, found.get(name, "not known"), commands))
    reported = live.spec.environment.get(RELEASE_VARIABLE)
    if reported != last.id:
        yield DriftItem(RELEASE_VARIABLE, "release", last.id, reported)


def another(desired: Desired, live: ServiceFact) -> Blocker | None:
    """The service is another environment's, whose manifest may be on another branch: its own tags say so."""
    whose = live.tags.get("app", desired.app), live.tags.get("environment", desired.environment)
    if live.tags.get("managed-by") != desired.tags["managed-by"] or whose == (desired.app, desired.environment):
        return None
    return Blocker(
        f"service {desired.service_name} is that of {' / '.join(whose)}, as its tags say",
        "give this environment a service.name of its own; or, if it is that one under a new name:"
        f" aws apprunner untag-resource --resource-arn {live.arn} --tag-keys app environment",
        desired.lines["service"],
    )


def _status_blocker(desired: Desired, live: ServiceFact) -> Blocker:
    what = f"service {desired.service_name} is {live.status}"
    if live.status == BUSY:
        what += ": App Runner runs one operation at a time"
        return Blocker(what, f"wait until it has ended; just reconcile {desired.environment} waits by itself")
    return Blocker(what, "look at its events in the App Runner console")


def _differences(
    live: ServiceFact, spec: ServiceSpec, variables: VariablesPart, last: Release | None
) -> tuple[str, ...]:
    """What a deployment brings, in words; a setting with its old and new value."""
    old = live.spec
    found = ["its creation failed"] if live.status == "CREATE_FAILED" else []
    if old.image != spec.image:
        found.append("image")
    moved = {change.address for change in variables.changes if not isinstance(change, AdoptParameter)} | {
        notice.address for notice in variables.notices if notice.symbol == "!"
    }
    moved |= _moved(old.environment, spec.environment) | _moved(old.secrets, spec.secrets)
    if names := sorted(moved - {RELEASE_VARIABLE}):
        found.append(" ".join(names) if len(names) <= 3 else f"{len(names)} variables")
    released = {last.settings.command} if last and last.settings else set()
    found += _settings(old.settings, spec.settings, {spec.settings.command} | released)
    return tuple(found) or ("its release id is not that of these versions",)


def _settings(old: ServiceSettings, new: ServiceSettings, commands: Collection[str]) -> list[str]:
    """Each setting that differs, with both values; a command only when it is one of `commands`, which are no secret."""
    before, after = old.words(), new.words()
    return [
        f"{name} {_readable(name, before.get(name, 'not known'), commands)} -> {_readable(name, text, commands)}"
        for name, text in after.items()
        if before.get(name) != text
    ]


def _readable(name: str, text: str, commands: Collection[str]) -> str:
    """App Runner marks a start command as sensitive: one that was set by hand may hold a credential."""
    if name != "command":
        return text
    if not text:
        return "of the image"
    return shown(text) if text in commands else "that is not shown"


def _moved(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}
