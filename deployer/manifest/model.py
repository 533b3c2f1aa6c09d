"""The manifest as types: one environment's variables, and the service around them.

These types are the format: the JSON Schema for editors is generated from them, and so are the keys an error message
suggests. A rule about one field is here; a rule about several is in rules.py.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from deployer import names
from deployer.manifest import limits, rules
from deployer.manifest.github import GitHub
from deployer.manifest.shapes import Branch, Part, Shape
from deployer.manifest.targets import ServiceSection, service_type
from deployer.manifest.world import ENDPOINT

if TYPE_CHECKING:
    Service = ServiceSection
else:
    Service = service_type()

RESERVED = "|".join(prefix.lower() for prefix in names.RESERVED_PREFIXES)


class _NameShape(Shape):
    """A parameter name. Its errors give the reason, because a name can be refused for many."""

    def _check(self, text: str) -> str:
        if reason := names.why_not_a_name(text) or names.why_reserved(text.upper().replace("-", "_")):
            raise PydanticCustomError("name", "{why}", {"why": reason})
        return text


ParameterName = Annotated[
    str,
    _NameShape(
        rf"(?!(?:port|app-release)$|{RESERVED}){names.NAME_PATTERN}",
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
    """The location of the service's container image. It is tagged by git commit and deployed by digest."""

    repository: Annotated[
        str,
        Field(min_length=2, max_length=256),
        Shape(limits.REPOSITORY_NAME, "an ECR repository name in small letters", "ansari-whatsapp"),
    ] = Field(description="The ECR repository.", examples=["ansari-whatsapp"])
    keep: int = Field(
        default=30, ge=1, description="How many images the repository keeps; older images expire.", examples=[30]
    )


class Inbox(Part):
    """The inbox that all instances of the service share. Without it, each instance keeps its own."""

    kind: Literal["dynamodb"] = Field(description="A DynamoDB table.")
    table: Annotated[
        str, Shape(limits.TABLE_NAME, "the name of a DynamoDB table, 3 to 255 letters, digits and ._-", "demo-inbox")
    ] = Field(
        description="The table, in `aws.region`. The service gets its address in a variable that deployer.yaml names.",
        examples=["ansari-staging-whatsapp-inbox"],
    )
    managed: bool = Field(
        default=True, description="Whether the deployer creates the table and keeps its settings; else it has to exist."
    )
    deletion_protection: bool | None = Field(
        default=None,
        description="Whether AWS refuses to delete the table; `destroy` ends that first. As `protect.confirm` if none.",
    )


class Protect(Part):
    """What protects this environment from mistakes. It is loosened by a commit, never by an option."""

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
        """Whether CI builds the image in a job of its own, before a person has agreed to the plan with it."""
        return self.confirm and self.healthy_in is None


class SecretVariable(Part):
    """A value that is never in a file: a SecureString below `aws.parameter_path`."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["generate", "source"]}})

    kind: Literal["secret"] = Field(description="A secret: its value lives in SSM only.")
    description: Description | None = None
    generate: Annotated[int, Field(ge=16, le=64)] | None = Field(
        default=None, description="Generate it from this many random bytes when it is absent.", examples=[32]
    )
    source: Literal["local-world"] | None = Field(
        default=None,
        description="The local world provides it. Only where `aws.endpoint` is set, and without `generate`.",
    )
    extra: Extra = False


class LiteralVariable(Part):
    """A value in the file, for everyone to read."""

    kind: Literal["literal"] = Field(description="A literal: its value is in this file.")
    value: str | bool | int = Field(
        description="The value, taken as written: text, true, false or a whole number.",
        examples=["https://staging-api.ansari.chat"],
    )
    store: Literal["parameter", "service"] = Field(
        default="parameter",
        description="parameter: a String below `aws.parameter_path`. service: a plain variable of the service.",
    )
    description: Description | None = None
    extra: Extra = False

    @property
    def text(self) -> str:
        """The value as the service's environment holds it: true, false, a decimal number, or the text itself."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


Variable = Annotated[SecretVariable | LiteralVariable, Field(discriminator="kind")]


class Manifest(Part):
    """One environment of one app: its variables, and the service around them."""

    app: AppName = Field(description="The app's name.", examples=["ansari-whatsapp"])
    environment: EnvironmentName = Field(
        description="The environment's name, which is also the name of the file.", examples=["staging"]
    )
    aws: Aws = Field(description="The AWS account, region and parameter path of this environment.")
    image: Image = Field(description="Where the service's container image is kept.")
    service: Service = Field(description="The running service.")
    inbox: Inbox | None = Field(
        default=None, description="The inbox that all instances share; left out, each instance keeps its own."
    )
    protect: Protect = Field(description="What protects this environment from mistakes.")
    github: GitHub | None = Field(
        default=None, description="The repository whose workflows deploy this environment; left out where none do."
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
