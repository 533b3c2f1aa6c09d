"""The two roles that App Runner takes: who assumes each, and what each has to allow. Pure.

Source: App Runner developer guide, "How App Runner works with IAM".
"""

from __future__ import annotations

from typing import Final

from deployer import names
from deployer.core.desired import Desired
from deployer.core.policies.documents import allow, policy
from deployer.core.policies.rights import REPOSITORY
from deployer.core.target import ServiceRole
from deployer.targets.apprunner.settings import of_app_runner

PULLS: Final = "build.apprunner.amazonaws.com"
RUNS: Final = "tasks.apprunner.amazonaws.com"
PULL_ACTIONS: Final = (
    "ecr:BatchCheckLayerAvailability",
    "ecr:BatchGetImage",
    "ecr:DescribeImages",
    "ecr:GetDownloadUrlForLayer",
)
LOGIN: Final = (("ecr:GetAuthorizationToken",), ("*",))  # the action accepts no resource
READ_ACTIONS: Final = ("ssm:GetParameters",)


def service_roles(desired: Desired) -> tuple[ServiceRole, ...]:
    """The role that pulls the image, and that of the containers, which reads parameters and may use what is granted."""
    repository = REPOSITORY.format(region=desired.region, account=desired.account, name=desired.image.repository)
    below = names.ssm_root(desired.parameter_path, desired.region, desired.account) + "*"
    read, settings = tuple(desired.secrets.values()), of_app_runner(desired)
    return (
        ServiceRole(
            use="access",
            arn=settings.access_role,
            service=PULLS,
            grants=((PULL_ACTIONS, (repository,)), LOGIN),
            policy=policy(allow(PULL_ACTIONS, repository), allow(LOGIN[0], "*")),
            shared="pulls the images of both",
        ),
        ServiceRole(
            use="instance",
            arn=settings.instance_role,
            service=RUNS,
            grants=(*([(READ_ACTIONS, read)] if read else ()), *desired.grants),
            policy=policy(allow(READ_ACTIONS, below), *(allow(*grant) for grant in desired.grants)),
            shared="can read the parameters of both, secrets too",
        ),
    )
