"""ECS Express Mode, as far as it is known without asking it. Pure."""

from __future__ import annotations

from typing import Final

from deployer.core.target import Adoption, Capabilities, Commands, Description, FoundBy, SecretsRead
from deployer.targets.ecs_express.blocker import describe_blocker, plan_blockers
from deployer.targets.ecs_express.costs import calculate_costs
from deployer.targets.ecs_express.manifest import INFRASTRUCTURE, NAME, TITLE
from deployer.targets.ecs_express.rights import RIGHTS
from deployer.targets.ecs_express.roles import service_roles
from deployer.targets.ecs_express.settings import ServiceSettings, desired_settings


def _adoption() -> Adoption:
    from deployer.targets.ecs_express.adoption import ADOPTION  # noqa: PLC0415 -- modules that a plan does without

    return ADOPTION


ECS_EXPRESS: Final = Description(
    name=NAME,
    title=TITLE,
    aws_service="ecs",
    log_groups="/aws/ecs/default/{service}-*",  # ECS adds four characters
    capabilities=Capabilities(
        image_platform="linux/amd64",  # the default of cpuArchitecture, which is always sent
        roles=("execution", "task", "infrastructure"),
        deployments_found_by=FoundBy.TARGET_REVISION,
        one_operation_at_a_time=False,
        cancel=True,
        secrets_read_at=SecretsRead.CONTAINER_START,  # ECS developer guide, "Pass Systems Manager parameters"
        pause=True,
        updates_while_paused=True,
        scaling_revisions=0,
        concurrency=False,
        tcp_health_check=False,
        logs_by_instance=True,
        automatic_deployments=False,
        encryption_key=False,
        observability=False,
        throttles_idle=False,
    ),
    commands=Commands(untag="aws ecs untag-resource --resource-arn {arn} --tag-keys app environment"),
    settings=desired_settings,
    read_settings=ServiceSettings.from_dict,
    roles=service_roles,
    rights=RIGHTS,
    adoption=_adoption,
    costs=calculate_costs,
    fixed={INFRASTRUCTURE: ""},
    blockers=plan_blockers,
    describe_blocker=describe_blocker,
)
