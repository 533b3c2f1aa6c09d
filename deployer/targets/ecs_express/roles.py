"""The three roles of Express Mode: who assumes each, and what each has to allow. Pure.

Source: ECS developer guide, "Amazon ECS task execution IAM role", "task IAM role" and "infrastructure IAM role".
"""

from __future__ import annotations

from typing import Final

from deployer import names
from deployer.core.desired import Desired
from deployer.core.policies.documents import allow, policy
from deployer.core.policies.rights import REPOSITORY
from deployer.core.target import ServiceRole
from deployer.targets.ecs_express.infrastructure import POLICY, READ_ACTIONS
from deployer.targets.ecs_express.manifest import INFRASTRUCTURE
from deployer.targets.ecs_express.settings import of_ecs_express

TASKS: Final = "ecs-tasks.amazonaws.com"
ECS: Final = "ecs.amazonaws.com"
PULL_ACTIONS: Final = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
LOGIN: Final = (("ecr:GetAuthorizationToken",), ("*",))  # the action accepts no resource
READ_PARAMETERS: Final = ("ssm:GetParameters",)
WRITE_LOGS: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
LOG_STREAMS: Final = "arn:aws:logs:{region}:{account}:log-group:/aws/ecs/default/{name}-*"
_NOTHING: Final = ("sts:GetCallerIdentity",)  # allowed to everyone: IAM accepts no policy without a statement


def infrastructure_arn(account: str, name: str) -> str:
    """The ARN of the infrastructure role that a manifest names."""
    return f"arn:aws:iam::{account}:role/{name}"


def service_roles(desired: Desired) -> tuple[ServiceRole, ...]:
    """The role that starts tasks, that of the running service, and that of the load balancer around them.

    ECS reads the parameters with the execution role, whenever a task starts.
    """
    where = {"region": desired.region, "account": desired.account}
    repository = REPOSITORY.format(name=desired.image.repository, **where)
    streams = LOG_STREAMS.format(name=desired.service_name, **where)
    below = names.ssm_root(desired.parameter_path, desired.region, desired.account) + "*"
    read, settings = tuple(desired.secrets.values()), of_ecs_express(desired)
    return (
        ServiceRole(
            use="execution",
            arn=settings.execution_role,
            service=TASKS,
            grants=(
                (PULL_ACTIONS, (repository,)),
                LOGIN,
                *([(READ_PARAMETERS, read)] if read else ()),
                (WRITE_LOGS, (f"{streams}:log-stream:*",)),
            ),
            policy=policy(
                allow(PULL_ACTIONS, repository),
                allow(LOGIN[0], "*"),
                allow(READ_PARAMETERS, below),
                allow(WRITE_LOGS, f"{streams}:*"),
            ),
            shared="can read the parameters of both, secrets too",
        ),
        ServiceRole(
            use="task",
            arn=settings.task_role,
            service=TASKS,
            grants=desired.grants,
            policy=policy(*(allow(*grant) for grant in desired.grants or ((_NOTHING, ("*",)),))),
            shared="is that of the containers of both",
        ),
        ServiceRole(
            use="infrastructure",
            arn=infrastructure_arn(desired.account, desired.fixed[INFRASTRUCTURE]),
            service=ECS,
            grants=((READ_ACTIONS, ("*",)),),
            policy=POLICY,
            shared="manages the load balancer of both",
        ),
    )
