"""Make the ledger's entry of a plan that was carried out."""

from __future__ import annotations

from deployer.core.desired import Desired
from deployer.core.release import Release
from deployer.resources.plan import Plan


def make_record(
    desired: Desired, plan: Plan, *, outcome: str, operation: str, who: str, when: str, seconds: int, why: str = ""
) -> Release:
    """Make the entry. `when` is ISO 8601 in UTC, `operation` the platform's id or "", `why` the cause of a failure."""
    return Release(
        id=plan.release,
        outcome=outcome,
        image=plan.image,
        tag=desired.image.tag,
        literals=desired.literals,
        versions=plan.versions,
        settings=desired.settings,
        manifest=desired.manifest_sha,
        operation=operation,
        who=who,
        when=when,
        seconds=seconds,
        content=plan.content,
        rollback_to=plan.rollback_to,
        recreated=plan.recreated,
        why=why,
        service=desired.service_name,
        path=desired.parameter_path,
        unmanaged=plan.unmanaged,
        target=desired.target.name,
    )
