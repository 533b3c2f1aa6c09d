"""The roles as text: their changes, what blocks them, and why one is kept."""

from __future__ import annotations

from typing import Final, assert_never

from deployer.resources.iam_roles.blocker import DeniedActions, MissingRole, RoleBlocker, UntrustedRole
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.iam_roles.reason import OtherPolicies
from deployer.resources.plan import Plan

POLICY_DELETED: Final = "this environment's policy in a role that is kept"


def describe_change(change: PutRole) -> str:
    """What a change does."""
    del change
    return "trust and policy"


def describe_blocker(blocker: RoleBlocker, plan: Plan) -> tuple[str, str]:
    """What is wrong, and its fix."""
    match blocker:
        case MissingRole():
            fix = "create it, or let the deployer create it: `managed: true` in service.roles"
            return f"role {blocker.role} does not exist", fix
        case UntrustedRole():
            what = f"role {blocker.role} does not trust {blocker.principal}"
            return what, (
                f"allow sts:AssumeRole for the principal {blocker.principal} in the trust policy of {blocker.role}"
            )
        case DeniedActions():
            what = f"role {blocker.role} does not allow {', '.join(blocker.actions)}"
            return what, f"allow it in a policy of {blocker.role}: {plan.target.title} needs it to deploy"
        case _:
            assert_never(blocker)


def describe_reason(reason: OtherPolicies) -> str:
    """Why a role is kept."""
    return f"it has other policies: {', '.join(reason.names)}"
