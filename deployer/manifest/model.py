"""The manifest as types: one environment's variables, and the service around them.

These types are the format: the JSON Schema for editors is generated from them, and so are the keys an error
message suggests. A rule about one field stands here; a rule about several is in rules.py.
"""

from collections.abc import Mapping
from typing import Annotated, Self
from typing import Literal as OneOf

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from deployer import names
from deployer.manifest import limits, rules
from deployer.manifest.github import GitHub
from deployer.manifest.shapes import Branch, Part, RoleName, Shape
from deployer.manifest.world import ENDPOINT


class _NameShape(Shape):
    """A parameter name. Its errors give the reason, because a name is refused for many."""

    def _check(self, text: str) -> str:
        if reason := names.why_not_a_name(text) or names.why_reserved(text.upper().replace("-", "_")):
            raise PydanticCustomError("name", "{why}", {"why": reason})
        return text


ParameterName = Annotated[
    str,
    _NameShape(
        rf"(?!(?:port|app-release)$|awsapprunner){names.NAME_PATTERN}",
        "a name in small letters, joined by '-'",
        "backend-server-url",
    ),
]
AppName = Annotated[
    str,
    Field(max_length=64),
    Shape(names.NAME_PATTERN, "a name in small letters, joined by '-'", "ansari-whatsapp"),
]
EnvironmentName = Annotated[
    str,
    Field(max_length=64),
    Shape(names.NAME_PATTERN, "a name in small letters, joined by '-'", "staging"),
]
Seconds = Annotated[int, Field(ge=1, le=20)]
Times = Annotated[int, Field(ge=1, le=20)]
Description = Annotated[
    str,
    Field(
        max_length=limits.PARAMETER_DESCRIPTION_CHARACTERS,
        description="What it is and where its value is found; shown in plans and kept with the parameter.",
    ),
]


Extra = Annotated[
    bool,
    Field(
        description="true: the service gets it although its settings do not name it. Refused for one of its settings."
    ),
]


class Aws(Part):
    """The AWS account, region and parameter path of this environment, and of no other."""

    account: Annotated[str, Shape(names.ACCOUNT_PATTERN, "the 12 digits of an AWS account", "123456789012")] = Field(
        description="The AWS account, 12 digits in quotes. Any other account is refused before the first read.",
        examples=["123456789012"],
    )
    region: Annotated[str, Shape(names.REGION_PATTERN, "an AWS region", "us-west-2")] = Field(
        description="The AWS region of everything in this file.", examples=["us-west-2"]
    )
    parameter_path: Annotated[
        str,
        Shape(
            rf"(?!/(?:[aA][wW][sS]|[sS][sS][mM]))(?:/[A-Za-z0-9_.-]+){{2,{limits.PARAMETER_LEVELS - 1}}}",
            "a path of 2 to 14 levels that starts with '/', ends without one, and does not begin with aws or ssm",
            "/app-runtime/ansari-whatsapp/staging",
        ),
    ] = Field(
        description="The SSM Parameter Store path that holds this environment's parameters and nothing else.",
        examples=["/app-runtime/ansari-whatsapp/staging"],
    )
    endpoint: (
        Annotated[
            str,
            Shape(
                ENDPOINT,
                "an address of this machine, like http://127.0.0.1:4566",
                "http://127.0.0.1:4566",
            ),
        ]
        | None
    ) = Field(
        default=None,
        description="The local AWS, on this machine. Leave it out for the real AWS.",
        examples=["http://127.0.0.1:4566"],
    )


class Image(Part):
    """Where the service's container image is kept. It is tagged by git commit and deployed by digest."""

    repository: Annotated[
        str,
        Field(min_length=2, max_length=256),
        Shape(limits.REPOSITORY_NAME, "an ECR repository name in small letters", "ansari-whatsapp"),
    ] = Field(description="The ECR repository.", examples=["ansari-whatsapp"])
    keep: int = Field(
        default=30, ge=1, description="How many images the repository keeps; older ones expire.", examples=[30]
    )


class HealthCheck(Part):
    """How App Runner decides that an instance is well."""

    protocol: OneOf["HTTP", "TCP"] = Field(default="HTTP", description="HTTP asks `path`; TCP only connects.")
    path: Annotated[str, Shape(r"/[!-~]*", "a path that starts with '/'", "/")] = Field(
        default="/", description="The path that has to answer 200.", examples=["/"]
    )
    interval: Seconds = Field(default=5, description="Seconds between two checks.")
    timeout: Seconds = Field(default=2, description="Seconds to wait for an answer.")
    healthy_threshold: Times = Field(default=1, description="Good answers in a row that make an instance well.")
    unhealthy_threshold: Times = Field(default=5, description="Bad answers in a row that make it unwell.")


class Scaling(Part):
    """How many instances run."""

    min: int = Field(default=1, ge=1, le=25, description="Instances that always stand ready.")
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
        description="true: the deployer creates and mends both roles. false: they exist and are left alone.",
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
        default=None, description="The observability configuration that says how; required where tracing is enabled."
    )


class Encryption(Part):
    """The key that encrypts what App Runner keeps of the service, such as its copy of the image."""

    kms_key: Annotated[
        str,
        Shape(
            rf"aws-managed|{limits.KMS_KEY}",
            "aws-managed, or the ARN of a KMS key",
            "arn:aws:kms:us-west-2:123456789012:key/01234567-89ab-cdef-0123-456789abcdef",
        ),
    ] = Field(
        description="The ARN of a KMS key, or aws-managed. It can never be changed: another key needs another service.",
        examples=["aws-managed"],
    )

    @property
    def arn(self) -> str:
        """The key's ARN, "" for one that AWS manages."""
        return "" if self.kms_key == "aws-managed" else self.kms_key


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
        Shape(r"[^\x00\n\r]*", "one line of text", "python -m ansari_whatsapp"),
    ] = Field(
        default="",
        description="The command that is run instead of the image's own; empty for the image's.",
        examples=["python -m ansari_whatsapp"],
    )
    health_check: HealthCheck = Field(
        default=HealthCheck.model_construct(), description="How App Runner decides that an instance is well."
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
        description="When a new release does not become healthy: go back to the last healthy one, or hold.",
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
    def cpu_units(self) -> int:
        """CPU in units: 1024 is 1 vCPU, however it is written."""
        return limits.CPU_UNITS[self.cpu]

    @property
    def memory_mb(self) -> int:
        """Memory in MB: 2048 is 2 GB, however it is written."""
        return limits.MEMORY_MB[self.memory]


class Protect(Part):
    """What stands between a slip and this environment. It is loosened by a commit, never by an option."""

    confirm: bool = Field(
        description="Whether a person types the environment's name before anything changes.", examples=[True]
    )
    branches: tuple[Branch, ...] = Field(
        default=(),
        strict=False,
        description="The git branches that may be deployed; an empty list allows all.",
        examples=[["main"]],
    )
    clean_tree: bool = Field(default=True, description="Whether uncommitted changes refuse a deployment.")
    healthy_in: EnvironmentName | None = Field(
        default=None,
        description="The environment in which the same image has to be healthy first.",
        examples=["staging"],
    )

    @property
    def image_apart(self) -> bool:
        """Whether CI builds the image in a job of its own, before anybody has agreed to the plan with it."""
        return self.confirm and self.healthy_in is None


class Secret(Part):
    """A value that never stands in a file: a SecureString below `aws.parameter_path`."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["generate", "source"]}})

    kind: OneOf["secret"] = Field(description="A secret: its value lives in SSM only.")
    description: Description | None = None
    generate: Annotated[int, Field(ge=16, le=64)] | None = Field(
        default=None, description="Make it of this many random bytes when it is absent.", examples=[32]
    )
    source: OneOf["local-world"] | None = Field(
        default=None,
        description="The local world hands it out. Only where `aws.endpoint` is set, and without `generate`.",
    )
    extra: Extra = False


class Literal(Part):
    """A value that stands in the file for everyone to read."""

    kind: OneOf["literal"] = Field(description="A literal: its value stands in this file.")
    value: str | bool | int = Field(
        description="The value, taken as written: text, true, false or a whole number.",
        examples=["https://staging-api.ansari.chat"],
    )
    store: OneOf["parameter", "service"] = Field(
        default="parameter",
        description="parameter: a String below `aws.parameter_path`. service: a plain variable of the service.",
    )
    description: Description | None = None
    extra: Extra = False

    @property
    def text(self) -> str:
        """The value as the service's environment holds it: true, false, a decimal number, or the text itself."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


Variable = Annotated[Secret | Literal, Field(discriminator="kind")]


class Manifest(Part):
    """One environment of one app: its variables, and the service around them."""

    app: AppName = Field(description="The app's name.", examples=["ansari-whatsapp"])
    environment: EnvironmentName = Field(
        description="The environment's name; the file is called the same.", examples=["staging"]
    )
    aws: Aws = Field(description="The AWS account, region and parameter path of this environment.")
    image: Image = Field(description="Where the service's container image is kept.")
    service: Service = Field(description="The running service.")
    protect: Protect = Field(description="What stands between a slip and this environment.")
    github: GitHub | None = Field(
        default=None, description="The repository whose workflows deploy this environment; none where nobody's do."
    )
    variables: Mapping[ParameterName, Variable] = Field(
        min_length=1,
        description="Every variable of the service, by parameter name: backend-server-url is BACKEND_SERVER_URL.",
    )

    @model_validator(mode="after")
    def _hold_together(self) -> Self:
        for broken in rules.broken(self.model_dump(exclude_none=True)):
            raise PydanticCustomError("rule", "{what}", {"what": broken.what})
        return self
