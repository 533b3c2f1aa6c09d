"""The functions of this kind of resource, gathered for the registry."""

from __future__ import annotations

from typing import Final

from deployer.core.policies.rights import NONE
from deployer.resources.ecr_repository import destroy, rights
from deployer.resources.ecr_repository.apply import apply_image
from deployer.resources.ecr_repository.change import (
    ChangeRepository,
    CreateRepository,
    KeepImage,
    PushImage,
    PutLifecycle,
)
from deployer.resources.ecr_repository.observed import observe_repository
from deployer.resources.ecr_repository.plan import plan_image
from deployer.resources.kind import Kind, desired_as_chosen, no_operations, no_removals

ECR_REPOSITORY: Final = Kind(
    name="ecr_repository",
    desired=desired_as_chosen,
    plan=plan_image,
    prune=no_removals,
    changes=(CreateRepository, ChangeRepository, PutLifecycle, PushImage, KeepImage),
    calls=NONE,
    observe=observe_repository,
    apply=apply_image,
    reads=rights.reads,
    inspects=rights.inspects,
    writes=rights.writes,
    repairs=rights.repairs,
    operates=no_operations,
    named=destroy.named_repository,
    remains=destroy.remaining_repository,
    removals=destroy.remove_repository,
    deletes=frozenset({"repository"}),
    delete=destroy.delete_repository,
)
