"""The closed unions of what the kinds of resources put into a plan, and into the deletion of an environment.

`match` over them ends in `assert_never`, so mypy names every function that lacks a new kind.
"""

from __future__ import annotations

from typing import Literal

from deployer.core.blocker import LongRecord, TargetBlocker
from deployer.core.notice import LeftBehind
from deployer.core.reason import CommonReason
from deployer.resources.dynamodb_table.blocker import TableBlocker
from deployer.resources.dynamodb_table.change import TableChange
from deployer.resources.dynamodb_table.notice import LeftTable
from deployer.resources.dynamodb_table.reason import MessagesWait, OtherTable
from deployer.resources.ecr_repository.blocker import ImageBlocker
from deployer.resources.ecr_repository.change import ImageChange
from deployer.resources.hold.change import HoldChange
from deployer.resources.iam_roles.blocker import RoleBlocker
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.iam_roles.reason import OtherPolicies
from deployer.resources.service.blocker import ServiceBlocker
from deployer.resources.service.change import ServiceChange
from deployer.resources.service.notice import ServiceNotice
from deployer.resources.ssm_parameters.blocker import ParameterBlocker
from deployer.resources.ssm_parameters.change import ParameterChange
from deployer.resources.ssm_parameters.notice import ParameterNotice
from deployer.resources.ssm_parameters.reason import BelowThePath

Change = TableChange | PutRole | ImageChange | ParameterChange | ServiceChange | HoldChange
Blocker = RoleBlocker | ImageBlocker | ServiceBlocker | ParameterBlocker | TableBlocker | TargetBlocker | LongRecord
Notice = ParameterNotice | LeftBehind | LeftTable | ServiceNotice

# What `destroy` deletes, why it keeps the rest, and what it waits for.
RemovalKind = Literal["service", "scaling", "parameter", "secret", "role", "policy", "repository", "table"]
Reason = CommonReason | OtherTable | OtherPolicies | BelowThePath
Until = MessagesWait
