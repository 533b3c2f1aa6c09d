"""The `service` section of a manifest that chooses ECS Express Mode. Pure.

These types are the format: the JSON Schema and docs/reference/manifest.md are generated from them.
"""

from collections.abc import Mapping
from typing import Annotated, Final
from typing import Literal as OneOf

from pydantic import Field

from deployer.manifest.rule import KeyReason, Section
from deployer.manifest.shapes import Part, RoleName, Shape
from deployer.manifest.size import Size
from deployer.targets.ecs_express import limits
from deployer.targets.ecs_express.rules import broken

NAME: Final = "ecs-express"
TITLE: Final = "ECS Express Mode"
INFRASTRUCTURE: Final = "roles.infrastructure"  # only a new service takes it
Unused = Annotated[
    int, Field(ge=1, le=20)
]  # the range of a target that uses them, so that a manifest can go from one to the other
Metric = OneOf["AVERAGE_CPU", "AVERAGE_MEMORY", "REQUEST_COUNT_PER_TARGET"]


class HealthCheck(Part):
    """How the load balancer decides that a task is healthy."""

    protocol: OneOf["HTTP"] = Field(default="HTTP", description="Only HTTP: the load balancer asks `path`.")
    path: Annotated[str, Shape(r"/[!-~]*", "a path that starts with '/'", "/")] = Field(
        default="/", description="The path that has to answer 200.", examples=["/"]
    )
    interval: Unused | None = Field(default=None, description="Not used: ECS sets it itself.")
    timeout: Unused | None = Field(default=None, description="Not used: ECS sets it itself.")
    healthy_threshold: Unused | None = Field(default=None, description="Not used: ECS sets it itself.")
    unhealthy_threshold: Unused | None = Field(default=None, description="Not used: ECS sets it itself.")


class Scaling(Part):
    """How many tasks run."""

    min: int = Field(default=1, ge=1, le=limits.MOST_TASKS, description="Tasks that always run.")
    max: int = Field(
        default=20, ge=1, le=limits.MOST_TASKS, description="The most tasks under load. Never below `min`."
    )
    metric: Metric = Field(default="AVERAGE_CPU", description="The metric that ECS keeps at `target`.")
    target: int | None = Field(
        default=None,
        ge=1,
        le=100000,
        description="Percent of CPU or memory, 60 when left out; or requests per task and minute, without default.",
    )


class Roles(Part):
    """The three IAM roles that ECS assumes, by name."""

    execution: RoleName = Field(
        description="The role that pulls the image and reads the parameters when a task starts.",
        examples=["ansari-staging-execution"],
    )
    task: RoleName = Field(description="The role of the running service.", examples=["ansari-staging-task"])
    infrastructure: RoleName = Field(
        description="The role that lets ECS manage the load balancer, certificate and scaling. "
        "It can never be changed: another role needs another service.",
        examples=["ansari-staging-infrastructure"],
    )
    managed: bool = Field(
        default=False,
        description="true: the deployer creates and updates the roles. false: they exist and are left alone.",
    )


Subnet = Annotated[str, Shape(limits.SUBNET, "the id of a subnet", "subnet-0123456789abcdef0")]
SecurityGroup = Annotated[str, Shape(limits.SECURITY_GROUP, "the id of a security group", "sg-0123456789abcdef0")]


class Network(Part):
    """The subnets and security groups of the tasks."""

    subnets: tuple[Subnet, ...] = Field(
        strict=False,
        description="At least two, in two availability zones.",
        examples=[["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]],
    )
    security_groups: tuple[SecurityGroup, ...] = Field(
        strict=False, default=(), description="Security groups of the tasks; ECS adds one of its own."
    )


class Deployment(Part):
    """How long two releases serve side by side."""

    bake_minutes: int | None = Field(
        default=None, ge=0, le=limits.LONGEST_BAKE, description="Minutes before and after all requests move."
    )
    canary_percent: int | None = Field(
        default=None, ge=1, le=100, description="The share of requests that a new release gets first."
    )


class Service(Part):
    """The running service."""

    target: OneOf["ecs-express"] = Field(description="Where it runs: Amazon ECS Express Mode.", examples=[NAME])
    name: Annotated[
        str, Shape(limits.SERVICE_NAME, "1 to 255 letters, digits, '-' and '_'", "ansari-staging-whatsapp")
    ] = Field(
        description="The service's name in the cluster `default`. Another name is another service.",
        examples=["ansari-staging-whatsapp"],
    )
    cpu: limits.Cpu = Field(
        default="1 vCPU", description="The CPU of one task; 1024 units are 1 vCPU.", examples=["1 vCPU"]
    )
    memory: Annotated[str, Shape(limits.MEMORY, "a size such as 2 GB, or in MiB such as 2048", "2 GB")] = Field(
        default="2 GB",
        description="The memory of one task. Fargate offers only some sizes with each `cpu`.",
        examples=["2 GB"],
    )
    port: int = Field(
        ge=1, le=65535, description="The port the service listens on; it is given to it as PORT.", examples=[8001]
    )
    command: Annotated[
        str,
        Field(max_length=limits.SERVICE_VARIABLE_CHARACTERS),
        Shape(r"[^\x00\n\r]*", "one line of text", "python -m notes"),
    ] = Field(
        default="",
        description="The command that is run instead of the image's own; empty for the image's.",
        examples=["python -m notes"],
    )
    health_check: HealthCheck = Field(
        default=HealthCheck.model_construct(),
        description="How the load balancer decides that a task is healthy.",
    )
    scaling: Scaling = Field(default=Scaling.model_construct(), description="How many tasks run.")
    roles: Roles = Field(description="The three IAM roles that ECS assumes, by name.")
    network: Network | None = Field(
        default=None, description="The subnets and security groups of the tasks. Left out: kept as it is."
    )
    deployment: Deployment | None = Field(
        default=None,
        description="How long two releases serve side by side. It is sent before a deployment, where ECS accepts it.",
    )
    on_unhealthy: OneOf["rollback", "hold"] = Field(
        default="rollback",
        description="When a new release does not become healthy: roll back to the last healthy one, or hold.",
    )
    after_rollback: OneOf["hold", "deploy"] = Field(
        default="hold",
        description="After `just rollback`, hold: nothing is deployed until `just resume ENV`. "
        "deploy: a commit that changes what is deployed lifts the hold by itself.",
    )
    paused: bool = Field(
        default=False,
        description="true: a reconcile deploys what waits, then stops all tasks; the load balancer stays, and costs. "
        "Removed or false: the next reconcile resumes what a reconcile has paused.",
    )

    @property
    def role_names(self) -> Mapping[str, str]:
        """The roles that the target takes, by their keys."""
        roles = self.roles
        return {"execution": roles.execution, "task": roles.task, "infrastructure": roles.infrastructure}

    @property
    def role_variables(self) -> Mapping[str, str]:
        """The same, by the variables from which a deployment workflow reads their ARNs."""
        return {f"ECS_{key.upper()}_ROLE_ARN": name for key, name in self.role_names.items()}

    @property
    def manages_roles(self) -> bool:
        """Whether the deployer creates and updates the roles."""
        return self.roles.managed

    @property
    def most_instances(self) -> int:
        """How many tasks may run at once."""
        return self.scaling.max

    @property
    def provisioned(self) -> Size:
        """What one task has, and how many run at all times."""
        return Size(self.cpu_units, self.memory_mb, self.scaling.min)

    @property
    def fixed(self) -> Mapping[str, str]:
        """The settings of this section that the target takes only when it creates a service."""
        return {INFRASTRUCTURE: self.roles.infrastructure}

    @property
    def cpu_units(self) -> int:
        """CPU in units: 1024 is 1 vCPU, however it is written."""
        return limits.CPU_UNITS[self.cpu]

    @property
    def memory_mb(self) -> int:
        """Memory in MiB: 2048 is 2 GB, however it is written."""
        return limits.number(self.memory)


SECTION: Final = Section(
    type=Service,
    title=TITLE,
    broken=broken,
    unread={
        "target": NAME,
        "name": "unread",
        "port": 1,
        "roles": {"execution": "unread-execution", "task": "unread-task", "infrastructure": "unread"},
    },
    variable_characters=limits.SERVICE_VARIABLE_CHARACTERS,
    ignored={
        f"health_check.{key}": KeyReason.SET_BY_PLATFORM
        for key in ("interval", "timeout", "healthy_threshold", "unhealthy_threshold")
    },
)
