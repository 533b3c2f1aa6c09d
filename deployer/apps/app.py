"""The description of a service that the deployer deploys: the format of a project's deployer.yaml."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict

from deployer.manifest.shapes import Shape

ClassName = Annotated[
    str, Shape(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", "a class, as MODULE:CLASS", "notes.settings:Settings")
]


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class App(Part):
    """A service. A key that is left out is something that the deployer does not know of it."""

    settings: ClassName | None = None


UNKNOWN = App()
