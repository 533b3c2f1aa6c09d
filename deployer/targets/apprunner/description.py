"""App Runner, as far as it is known without asking it. Pure."""

from __future__ import annotations

from typing import Final

from deployer.core.target import Adoption, Capabilities, Commands, Description, FoundBy, SecretsRead
from deployer.targets.apprunner.blocker import describe_blocker, plan_blockers
from deployer.targets.apprunner.costs import calculate_costs
from deployer.targets.apprunner.manifest import AWS_MANAGED, KMS_KEY
from deployer.targets.apprunner.rights import RIGHTS
from deployer.targets.apprunner.roles import service_roles
from deployer.targets.apprunner.settings import ServiceSettings, desired_settings


def _adoption() -> Adoption:
    from deployer.targets.apprunner.adoption import ADOPTION  # noqa: PLC0415 -- nine modules that a plan does without

    return ADOPTION


APP_RUNNER: Final = Description(
    name="apprunner",
    title="App Runner",
    aws_service="apprunner",
    log_groups="/aws/apprunner/{service}",
    capabilities=Capabilities(
        image_platform="linux/amd64",  # App Runner developer guide, "Architecture"
        roles=("access", "instance"),
        deployments_found_by=FoundBy.OPERATION_ID,
        one_operation_at_a_time=True,
        cancel=False,
        secrets_read_at=SecretsRead.DEPLOYMENT,
        pause=True,
        updates_while_paused=False,  # developer guide, "Pausing and resuming a service"
        scaling_revisions=5,  # of one configuration; not adjustable (developer guide, "Quotas")
        concurrency=True,
        tcp_health_check=True,
        logs_by_instance=True,
        automatic_deployments=True,
        encryption_key=True,
        observability=True,
        throttles_idle=True,  # "AWS App Runner pricing"
    ),
    commands=Commands(
        untag="aws apprunner untag-resource --resource-arn {arn} --tag-keys app environment",
        list_scaling="aws apprunner list-auto-scaling-configurations",
    ),
    settings=desired_settings,
    read_settings=ServiceSettings.from_dict,
    roles=service_roles,
    rights=RIGHTS,
    adoption=_adoption,
    costs=calculate_costs,
    fixed={KMS_KEY: AWS_MANAGED},
    blockers=plan_blockers,
    describe_blocker=describe_blocker,
)
