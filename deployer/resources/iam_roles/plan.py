"""Plan the roles: create and repair those that the manifest manages, and check the others."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from deployer.core.cause import HIDDEN, Cause, CauseKind, State
from deployer.core.desired import Desired
from deployer.core.observed import Observed
from deployer.core.release import Release
from deployer.resources.iam_roles.blocker import DeniedActions, MissingRole, UntrustedRole
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.part import PlanPart, Running
from deployer.resources.unions import Blocker


def plan_roles(desired: Desired, observed: Observed, running: Running) -> PlanPart:
    """Plan the roles."""
    last = running.service
    return PlanPart(changes=tuple(_mended(desired, observed, last)), blockers=tuple(_wrong(desired, observed, last)))


def digest(document: object) -> str:
    """12 hex digits that identify a policy document."""
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()[:12]


def _had(last: Release | None) -> set[str]:
    """The names of the roles that the running release was deployed with."""
    settings = last.settings if last else None
    return set(settings.role_names) if settings else set()


def _mended(desired: Desired, observed: Observed, last: Release | None) -> Iterator[PutRole]:
    for role in desired.roles:
        live = observed.roles.get(role.name)
        line = desired.lines["service"]
        if live is None:
            kind = CauseKind.REMOVED if role.name in _had(last) else CauseKind.MISSING
            recorded = HIDDEN if kind is CauseKind.REMOVED else None
            causes = tuple(Cause(kind=kind, subject=subject, recorded=recorded) for subject in ("trust", "policy"))
            yield PutRole(role, create=True, symbol="+", causes=causes, line=line)
            continue
        pairs = {"trust": (live.trust, role.trust), "policy": (live.policy, role.policy)}
        causes = tuple(
            Cause(
                kind=CauseKind.DRIFT if last else CauseKind.DIFFERENT,
                subject=subject,
                recorded=HIDDEN if last else None,
                live=None if found_document is None else State(value=digest(found_document)),
            )
            for subject, (found_document, document) in pairs.items()
            if found_document != document
        )
        if causes:
            yield PutRole(role, create=False, symbol="~", causes=causes, line=line)


def _wrong(desired: Desired, observed: Observed, last: Release | None) -> Iterator[Blocker]:
    inspection, line = observed.inspection, desired.lines["service"]
    if inspection is None:
        return
    for name in inspection.missing_roles:
        removed = Cause(kind=CauseKind.REMOVED, subject="role", name=f"role {name}", recorded=State(value=name))
        yield MissingRole(name, causes=(removed,) if name in _had(last) else (), line=line)
    for name, principal in inspection.untrusted.items():
        yield UntrustedRole(name, principal, line=line)
    for name, actions in inspection.denied.items():
        yield DeniedActions(name, actions, line=line)
