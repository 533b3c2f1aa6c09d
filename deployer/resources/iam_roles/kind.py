"""The functions of this kind of resource, gathered for the registry."""

from __future__ import annotations

from typing import Final

from deployer.core.policies.rights import NONE
from deployer.resources.iam_roles import destroy, rights
from deployer.resources.iam_roles.apply import apply_role
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.iam_roles.desired import desired_roles
from deployer.resources.iam_roles.observed import observe_roles
from deployer.resources.iam_roles.plan import plan_roles
from deployer.resources.kind import Kind, no_calls, no_operations, no_removals

IAM_ROLES: Final = Kind(
    name="iam_roles",
    desired=desired_roles,
    plan=plan_roles,
    prune=no_removals,
    changes=(PutRole,),
    calls=NONE,
    observe=observe_roles,
    apply=apply_role,
    reads=rights.reads,
    inspects=rights.inspects,
    writes=rights.writes,
    repairs=no_calls,
    operates=no_operations,
    named=destroy.named_roles,
    remains=destroy.remaining_roles,
    removals=destroy.remove_roles,
    deletes=frozenset({"role", "policy"}),
    delete=destroy.delete_role,
)
