"""The `service` section of a manifest that chooses the pretend platform: other keys than App Runner's."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Final
from typing import Literal as OneOf

from pydantic import Field

from deployer.manifest.rule import BrokenRule, KeyReason, Section, get, is_number
from deployer.manifest.shapes import Part, RoleName, Shape
from deployer.manifest.size import Size

NAME: Final = "test-platform"
TITLE: Final = "Test Platform"


class Roles(Part):
    """The roles of a service."""

    execution: RoleName = Field(description="Starts containers.", examples=["execution"])
    task: RoleName = Field(description="The running service's.", examples=["task"])
    managed: bool = Field(default=False, description="true: the deployer creates and updates both.")


class Tasks(Part):
    """How many tasks run."""

    least: int = Field(default=1, ge=1, description="Tasks that always run.")
    most: int = Field(default=4, ge=1, description="The most tasks under load.")


class Service(Part):
    """A service on the pretend platform."""

    target: OneOf["test-platform"] = Field(description="The pretend platform.", examples=[NAME])
    name: Annotated[str, Shape("[a-z-]{3,60}", "small letters and '-'", "demo")] = Field(description="Its name.")
    size: OneOf["small", "large"] = Field(default="small", description="The size of one task.")
    port: int = Field(ge=1, le=65535, description="The port of the service.", examples=[8001])
    health_path: str = Field(default="/", description="The path that has to answer 200.")
    tasks: Tasks = Field(default=Tasks.model_construct(), description="How many tasks run.")
    roles: Roles = Field(description="The roles of the service.")
    cluster: str | None = Field(default=None, description="The cluster of a new service.")
    probe_interval: int | None = Field(default=None, description="Accepted, and not used.")
    sticky: bool | None = Field(default=None, description="Accepted, and refused.")
    on_unhealthy: OneOf["rollback", "hold"] = Field(default="rollback", description="What an unhealthy release does.")
    after_rollback: OneOf["hold", "deploy"] = Field(default="hold", description="What follows a rollback.")

    @property
    def paused(self) -> bool:
        return False

    @property
    def role_names(self) -> Mapping[str, str]:
        return {"execution": self.roles.execution, "task": self.roles.task}

    @property
    def role_variables(self) -> Mapping[str, str]:
        return {"EXECUTION_ROLE_ARN": self.roles.execution, "TASK_ROLE_ARN": self.roles.task}

    @property
    def manages_roles(self) -> bool:
        return self.roles.managed

    @property
    def most_instances(self) -> int:
        return self.tasks.most

    @property
    def provisioned(self) -> Size:
        return Size(1024, 2048, self.tasks.least)

    @property
    def fixed(self) -> Mapping[str, str]:
        return {"cluster": self.cluster} if self.cluster else {}


def broken(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """The rule that spans two keys."""
    least, most = get(manifest, "service", "tasks", "least"), get(manifest, "service", "tasks", "most")
    if is_number(least) and is_number(most) and least > most:
        yield BrokenRule(("service", "tasks", "most"), "service.tasks.most is below least", fix="write a larger number")


SECTION: Final = Section(
    type=Service,
    title=TITLE,
    broken=broken,
    unread={"target": NAME, "name": "unread", "port": 1, "roles": {"execution": "unread", "task": "unread"}},
    variable_characters=1000,
    ignored={"probe_interval": KeyReason.SET_BY_PLATFORM},
    refused={"sticky": KeyReason.NOTHING_LIKE_IT},
)
