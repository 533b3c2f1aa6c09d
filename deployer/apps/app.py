"""The description of a service that the deployer deploys: the format of a project's deployer.yaml."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from deployer import names
from deployer.manifest.shapes import Shape

Name = Annotated[str, Shape(names.NAME_PATTERN, "a name in small letters, joined by '-'", "notes")]
FilePath = Annotated[
    str, Shape(r"(?![-:/]|.*\.\.)[^*?\[\\\x00-\x1f]+", "the path of a file or folder of the project", "notes.py")
]

ClassName = Annotated[
    str, Shape(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", "a class, as MODULE:CLASS", "notes.settings:Settings")
]

HeaderName = Annotated[str, Shape(r"[A-Za-z0-9-]+", "the name of an HTTP header", "X-App-Release")]
AttributeName = Annotated[str, Shape(r"[A-Za-z0-9_.-]{1,255}", "the name of an attribute", "pk")]
IndexName = Annotated[str, Shape(r"[A-Za-z0-9_.-]{3,255}", "the name of an index", "due")]
UrlPath = Annotated[str, Shape(r"/[!-~]*", "a path that starts with '/'", "/ready")]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Image(Part):
    """The content of the service's image.

    `source` is its code. The local world needs no container engine: it runs the code alone, with `command`. `files` are
    the other files that the Dockerfile copies. `lock` is the requirements file that the image is installed from.
    """

    dockerfile: FilePath = "Dockerfile"
    source: tuple[FilePath, ...] = ()
    command: tuple[str, ...] = ()
    files: tuple[FilePath, ...] = ()
    lock: FilePath | None = None

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that an image is built from."""
        return (self.dockerfile, *self.files, *self.source)


class Reason(Part):
    """The meaning of a reason in the service's report: the check that fails, and its fix; ENV is the environment."""

    check: str
    why: str
    fix: str


class ReadinessPage(Part):
    """The page where the service reports whether it can serve users, and the meaning of its reasons.

    `checks` lists everything that it checks. `given_up` is the fix for messages that it gave up. `cpu` is the meaning
    of each value of `cpu` in the report: whether the work gets processor time.
    """

    path: UrlPath
    checks: tuple[str, ...] = ()
    reasons: Mapping[str, Reason] = Field(default_factory=dict)
    given_up: str = ""
    cpu: Mapping[str, str] = Field(default_factory=dict)


class Backend(Part):
    """A stand-in for ansari-backend, by the names of parameters: its address, and the key that it requires."""

    address: Name
    api_key: Name


class Meta(Part):
    """A stand-in for Meta's Graph API, by the names of parameters, and the path where the service accepts webhooks.

    By the same names, `verify` asks the real one where it sends messages.
    """

    address: Name
    api_version: Name | None = None
    webhook: UrlPath
    app_secret: Name
    access_token: Name
    phone_number_id: Name


class LocalWorld(Part):
    """The upstream services that the local world emulates. Each listens at the address in a literal."""

    backend: Backend | None = None
    meta: Meta | None = None

    @property
    def addresses(self) -> dict[str, str]:
        """The name of the literal with its address, by stand-in."""
        stand_ins = {"backend": self.backend, "meta": self.meta}
        return {name: stand_in.address for name, stand_in in stand_ins.items() if stand_in}


class TableIndex(Part):
    """A global secondary index. Its partition key is text; `include` are the attributes that it repeats."""

    name: IndexName
    partition_key: AttributeName
    sort_key: AttributeName | None = None
    sort_type: Literal["S", "N"] = "S"
    include: tuple[AttributeName, ...] = ()


class InboxTable(Part):
    """The table in which the service keeps its inbox. Its keys are text. `expires` is the attribute with the expiry."""

    partition_key: AttributeName
    sort_key: AttributeName | None = None
    expires: AttributeName | None = None
    index: TableIndex | None = None


class WaitingMessages(Part):
    """How users with messages that wait are found: the entries of the index in these partitions with the attribute."""

    partitions: tuple[str, ...]
    attribute: AttributeName


class OperatorRoutes(Part):
    """The routes of the service for an operator: the path that reports the inbox, and the secret with their token.

    Below `path` are `dead`, which lists dead letters, and `replay`.
    """

    path: UrlPath
    token: Name


class Inbox(Part):
    """An inbox that all instances share: a DynamoDB table.

    The service gets its `address` in `variable`, where {table} and {region} are replaced. `needs` are other variables
    without which it does not start then. `actions` is what the service's role has to allow on the table and its index.

    An operator reaches the table with the service's `command`, and an inbox on an instance's disk with its routes.
    """

    variable: Name
    address: Annotated[
        str,
        Shape(
            r"(?=.*\{table\})(?:[^{}]|\{table\}|\{region\})+",
            "an address with {table}",
            "dynamodb://{table}?region={region}",
        ),
    ]
    table: InboxTable
    waiting: WaitingMessages | None = None
    operator: OperatorRoutes | None = None
    command: tuple[str, ...] = ()
    needs: tuple[Name, ...] = ()
    actions: tuple[Annotated[str, Shape(r"dynamodb:[A-Za-z]+", "an action of DynamoDB", "dynamodb:GetItem")], ...]


class App(Part):
    """A service. An absent key is a feature that the deployer does not know of it."""

    app: Name | None = None
    image: Image = Field(default_factory=Image)
    settings: ClassName | None = None
    release_header: HeaderName | None = None
    readiness: ReadinessPage | None = None
    inbox: Inbox | None = None
    local_world: LocalWorld = Field(default_factory=LocalWorld)
