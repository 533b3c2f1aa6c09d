"""Every kind of resource, in the order in which they are read, applied and shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from deployer.core.policies.rights import Right
from deployer.resources.dynamodb_table.kind import DYNAMODB_TABLE
from deployer.resources.ecr_repository.kind import ECR_REPOSITORY
from deployer.resources.iam_roles.kind import IAM_ROLES
from deployer.resources.kind import Kind
from deployer.resources.ssm_parameters.kind import SSM_PARAMETERS

KINDS: Final = (DYNAMODB_TABLE, IAM_ROLES, ECR_REPOSITORY, SSM_PARAMETERS)

CALLS: Final[Mapping[str, tuple[Right, ...]]] = {
    call: needed for kind in KINDS for call, needed in kind.calls.items()
}  # the rights of the calls that only one kind makes


def kind_of(change: object) -> Kind | None:
    """The kind that applies a change; None for the changes of the service and of the hold."""
    return next((kind for kind in KINDS if isinstance(change, kind.changes)), None)
