"""The changes of a plan: a closed union. They hold no secret and no text: `view` renders them."""

from __future__ import annotations

from deployer.core.change.hold import (
    HoldChange,
    LiftHold,
    PlaceHold,
)
from deployer.core.change.image import (
    ChangeRepository,
    CreateRepository,
    ImageChange,
    KeepImage,
    PushImage,
    PutLifecycle,
    RepositoryChange,
)
from deployer.core.change.parameters import (
    AdoptParameter,
    DeleteParameter,
    ParameterChange,
    PutParameter,
    RecreateParameter,
)
from deployer.core.change.roles import (
    PutRole,
)
from deployer.core.change.service import (
    CreateScaling,
    DeployService,
    Difference,
    PauseService,
    RecordRelease,
    ResumeService,
    ServiceChange,
    ServiceVariable,
    TagService,
)
from deployer.core.change.table import (
    ChangeTable,
    CreateTable,
    TableChange,
)

__all__ = [
    "AdoptParameter",
    "Change",
    "ChangeRepository",
    "ChangeTable",
    "CreateRepository",
    "CreateScaling",
    "CreateTable",
    "DeleteParameter",
    "DeployService",
    "Difference",
    "HoldChange",
    "ImageChange",
    "KeepImage",
    "LiftHold",
    "ParameterChange",
    "PauseService",
    "PlaceHold",
    "PushImage",
    "PutLifecycle",
    "PutParameter",
    "PutRole",
    "RecordRelease",
    "RecreateParameter",
    "RepositoryChange",
    "ResumeService",
    "ServiceChange",
    "ServiceVariable",
    "TableChange",
    "TagService",
]

Change = TableChange | PutRole | ImageChange | ParameterChange | ServiceChange | HoldChange
