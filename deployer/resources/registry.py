"""Every kind of resource, in the order in which they are read, applied and shown."""

from __future__ import annotations

from typing import Final

from deployer.resources import dynamodb_table, ecr_repository, iam_roles, ssm_parameters
from deployer.resources.kind import Kind

KINDS: Final = (dynamodb_table.KIND, iam_roles.KIND, ecr_repository.KIND, ssm_parameters.KIND)


def kind_of(change: object) -> Kind | None:
    """The kind that applies a change; None for the changes of the service and of the hold."""
    return next((kind for kind in KINDS if isinstance(change, kind.changes)), None)
