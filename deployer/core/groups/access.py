"""The two roles: made and mended where the manifest manages them, looked at where it does not."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.change import PutRole
from deployer.core.desired import Desired
from deployer.core.drift_item import DriftItem
from deployer.core.facts import Facts
from deployer.core.part import Blocker, Part
from deployer.core.reasons import REMOVED
from deployer.core.release import Release


def access(desired: Desired, facts: Facts, last: Release | None) -> Part:
    """`last` is the recorded release that runs."""
    return Part(changes=tuple(_mended(desired, facts, last)), blockers=tuple(_wrong(desired, facts, last)))


def _had(last: Release | None) -> set[str]:
    """The names of the roles that the running release was deployed with."""
    settings = last.settings if last else None
    return {arn.rpartition("/")[2] for arn in (settings.access_role, settings.instance_role)} if settings else set()


def _mended(desired: Desired, facts: Facts, last: Release | None) -> Iterator[PutRole]:
    for role in desired.roles:
        found = facts.roles.get(role.name)
        line = desired.lines["service"]
        if found is None:
            reason = REMOVED if role.name in _had(last) else "missing"
            yield PutRole(role, create=True, symbol="+", reason=reason, line=line)
            continue
        pairs = {"trust": (found.trust, role.trust), "policy": (found.policy, role.policy)}
        changed = " and ".join(name for name, (live, wanted) in pairs.items() if live != wanted)
        if changed:
            reason = f"drift in its {changed}" if last else "missing or different"
            yield PutRole(role, create=False, symbol="~", reason=reason, line=line)


def _wrong(desired: Desired, facts: Facts, last: Release | None) -> Iterator[Blocker]:
    seen, line = facts.inspection, desired.lines["service"]
    if seen is None:
        return
    for name in seen.missing_roles:
        what = f"role {name} does not exist"
        item = DriftItem(f"role {name}", "role", "exists", None) if name in _had(last) else None
        yield Blocker(what, "create it, or let the deployer: `managed: true` in service.roles", line, item)
    for name, service in seen.untrusted.items():
        what = f"role {name} does not trust {service}"
        fix = f"allow sts:AssumeRole for the principal {service} in the trust policy of {name}"
        yield Blocker(what, fix, line)
    for name, actions in seen.denied.items():
        what = f"role {name} does not allow {', '.join(actions)}"
        yield Blocker(what, f"allow it in a policy of {name}: App Runner needs it to deploy", line)
