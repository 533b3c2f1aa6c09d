"""The `service` section of a manifest that chooses App Runner. Pure.

These types are the format: the JSON Schema and docs/reference/manifest.md are generated from them.
"""

from collections.abc import Mapping
from typing import Annotated, Final
from typing import Literal as OneOf

from pydantic import Field

from deployer.manifest import limits as of_aws
from deployer.manifest.rule import Section
from deployer.manifest.shapes import Part, RoleName, Shape
from deployer.manifest.size import Size
from deployer.targets.apprunner import limits
from deployer.targets.apprunner.rules import broken

KMS_KEY: Final = "encryption.kms_key"
AWS_MANAGED: Final = "aws-managed"  # the value of that key for one that AWS manages
Seconds = Annotated[int, Field(ge=1, le=20)]
Times = Annotated[int, Field(ge=1, le=20)]


class HealthCheck(Part):
    """How App Runner decides that an instance is healthy."""

    protocol: OneOf["HTTP", "TCP"] = Field(default="HTTP", description="HTTP asks `path`; TCP only connects.")
    path: Annotated[str, Shape(r"/[!-~]*", "a path that starts with '/'", "/")] = Field(
        default="/", description="The path that has to answer 200.", examples=["/"]
    )
    interval: Seconds = Field(default=5, description="Seconds between two checks.")
    timeout: Seconds = Field(default=2, description="Seconds to wait for an answer.")
    healthy_threshold: Times = Field(default=1, description="Successful checks in a row that make an instance healthy.")
    unhealthy_threshold: Times = Field(default=5, description="Failed checks in a row that make an instance unhealthy.")


class Scaling(Part):
    """How many instances run."""

    min: int = Field(default=1, ge=1, le=25, description="Instances that are always provisioned.")
    max: int = Field(default=25, ge=1, le=25, description="The most instances under load. Never below `min`.")
    concurrency: int = Field(
        default=100, ge=1, le=200, description="Requests one instance takes at once before another is started."
    )


class Roles(Part):
    """The two IAM roles App Runner takes, by name."""

    access: RoleName = Field(
        description="The role that lets App Runner pull the image.", examples=["CustomAppRunnerServiceRole"]
    )
    instance: RoleName = Field(
        description="The role that lets the service read its parameters.",
        examples=["CustomAppRunnerInstanceRole"],
    )
    managed: bool = Field(
        default=False,
        description="true: the deployer creates and updates both roles. false: they exist and are left alone.",
    )


class Egress(Part):
    """Where requests of the service go out."""

    vpc_connector: (
        Annotated[
            str,
            Shape(
                limits.VPC_CONNECTOR,
                "the ARN of a VPC connector",
                "arn:aws:apprunner:us-west-2:123456789012:vpcconnector/private-subnets/1/0123456789abcdef0123456789abcdef",
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="The VPC connector through which requests go out; without it they go to the public internet.",
    )


class Network(Part):
    """Where requests of the service go out, and who can reach it."""

    egress: Egress | None = Field(default=None, description="Where requests of the service go out.")
    ingress: OneOf["public", "private"] = Field(
        default="public",
        description="Only public: the deployer proves a release on the public URL, which a private service has not.",
    )
    ip_address_type: OneOf["ipv4", "dual-stack"] = Field(
        default="ipv4", description="The addresses that the service is reached at; dual-stack adds IPv6."
    )


class Observability(Part):
    """Whether App Runner traces requests."""

    enabled: bool = Field(default=True, description="Whether requests are traced.", examples=[True])
    configuration: (
        Annotated[
            str,
            Shape(
                limits.OBSERVABILITY_CONFIGURATION,
                "the ARN of an observability configuration",
                "arn:aws:apprunner:us-west-2:123456789012:observabilityconfiguration/xray/1/0123456789abcdef0123456789abcdef",
            ),
        ]
        | None
    ) = Field(
        default=None, description="The ARN of the observability configuration; required where tracing is enabled."
    )


class Encryption(Part):
    """The key that encrypts what App Runner keeps of the service, such as its copy of the image."""

    kms_key: Annotated[
        str,
        Shape(
            rf"{AWS_MANAGED}|{of_aws.KMS_KEY}",
            "aws-managed, or the ARN of a KMS key",
            "arn:aws:kms:us-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
        ),
    ] = Field(
        description="The ARN of a KMS key, or aws-managed. It can never be changed: another key needs another service.",
        examples=["aws-managed"],
    )


class Service(Part):
    """The running service."""

    target: OneOf["apprunner"] = Field(description="Where it runs: AWS App Runner.", examples=["apprunner"])
    name: Annotated[
        str,
        Shape(limits.SERVICE_NAME, "4 to 40 letters, digits, '-' and '_'", "ansari-staging-whatsapp"),
    ] = Field(
        description="The App Runner service's name. It can never be changed: another name is another service.",
        examples=["ansari-staging-whatsapp"],
    )
    cpu: limits.Cpu = Field(
        default="1 vCPU", description="The CPU of one instance; 1024 units are 1 vCPU.", examples=["1 vCPU"]
    )
    memory: limits.Memory = Field(
        default="2 GB",
        description="The memory of one instance. App Runner offers only some sizes with each `cpu`.",
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
        default=HealthCheck.model_construct(), description="How App Runner decides that an instance is healthy."
    )
    scaling: Scaling = Field(default=Scaling.model_construct(), description="How many instances run.")
    roles: Roles = Field(description="The two IAM roles App Runner takes, by name.")
    network: Network | None = Field(
        default=None, description="Where requests go out, and who can reach the service. Left out: kept as it is."
    )
    observability: Observability | None = Field(
        default=None, description="Whether App Runner traces requests. Left out: kept as it is."
    )
    encryption: Encryption | None = Field(
        default=None, description="The key that a new service is encrypted with. Left out: one that AWS manages."
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
        description="true: a reconcile deploys what waits, then pauses the service; while it is paused, changes that "
        "need a deployment wait. Removed or false: the next reconcile resumes what a reconcile has paused.",
    )

    @property
    def role_names(self) -> Mapping[str, str]:
        """The roles that the target takes, by their keys."""
        return {"access": self.roles.access, "instance": self.roles.instance}

    @property
    def role_variables(self) -> Mapping[str, str]:
        """The same, by the variables from which a deployment workflow reads their ARNs."""
        return {"APPRUNNER_ACCESS_ROLE_ARN": self.roles.access, "APPRUNNER_INSTANCE_ROLE_ARN": self.roles.instance}

    @property
    def manages_roles(self) -> bool:
        """Whether the deployer creates and updates the roles."""
        return self.roles.managed

    @property
    def most_instances(self) -> int:
        """How many instances may run at once."""
        return self.scaling.max

    @property
    def provisioned(self) -> Size:
        """What one instance has, and how many run at all times."""
        return Size(self.cpu_units, self.memory_mb, self.scaling.min)

    @property
    def fixed(self) -> Mapping[str, str]:
        """The settings of this section that the target takes only when it creates a service."""
        return {KMS_KEY: self.encryption.kms_key} if self.encryption else {}

    @property
    def cpu_units(self) -> int:
        """CPU in units: 1024 is 1 vCPU, however it is written."""
        return limits.CPU_UNITS[self.cpu]

    @property
    def memory_mb(self) -> int:
        """Memory in MB: 2048 is 2 GB, however it is written."""
        return limits.MEMORY_MB[self.memory]


SECTION: Final = Section(
    type=Service,
    title="App Runner",
    broken=broken,
    unread={"target": "apprunner", "port": 1, "roles": {"access": "unread-access", "instance": "unread"}},
    variable_characters=limits.SERVICE_VARIABLE_CHARACTERS,
)
