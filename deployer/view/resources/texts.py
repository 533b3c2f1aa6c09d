"""The text of everything that the kinds of resources put into a plan: a row for each kind.

Each union of `resources/unions.py` has a function, which gives an item to the file of its kind.
"""

from __future__ import annotations

from typing import Final, assert_never

from deployer.core.blocker import LongRecord, TargetBlocker
from deployer.core.notice import LeftBehind
from deployer.core.reason import History, NeedsOption, NotManaged, NotOurs, TargetLogs, UsedBy
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
from deployer.resources.plan import Plan
from deployer.resources.service.blocker import ServiceBlocker
from deployer.resources.service.change import ServiceChange
from deployer.resources.service.notice import ServiceNotice
from deployer.resources.ssm_parameters.blocker import ParameterBlocker
from deployer.resources.ssm_parameters.change import ParameterChange
from deployer.resources.ssm_parameters.notice import ParameterNotice
from deployer.resources.ssm_parameters.reason import BelowThePath
from deployer.resources.unions import Blocker, Change, Notice, Reason, RemovalKind, Until
from deployer.view.resources import dynamodb_table, ecr_repository, hold, iam_roles, service, ssm_parameters

# The headings of a plan, in order: the `group` of each change and notice.
GROUPS: Final = ("Inbox", "Access", "Image", "Variables", "Service", "Hold")


def describe_change(change: Change) -> str:
    """What a change does, in a few words; never a secret."""
    if isinstance(change, TableChange):
        return dynamodb_table.describe_change(change)
    if isinstance(change, PutRole):
        return iam_roles.describe_change(change)
    if isinstance(change, ImageChange):
        return ecr_repository.describe_change(change)
    if isinstance(change, ParameterChange):
        return ssm_parameters.describe_change(change)
    if isinstance(change, ServiceChange):
        return service.describe_change(change)
    if isinstance(change, HoldChange):
        return hold.describe_change(change)
    assert_never(change)


def describe_blocker(blocker: Blocker, plan: Plan) -> tuple[str, str]:
    """What is wrong, and the command or step that fixes it."""
    if isinstance(blocker, TableBlocker):
        return dynamodb_table.describe_blocker(blocker, plan)
    if isinstance(blocker, RoleBlocker):
        return iam_roles.describe_blocker(blocker, plan)
    if isinstance(blocker, ImageBlocker):
        return ecr_repository.describe_blocker(blocker, plan)
    if isinstance(blocker, ParameterBlocker):
        return ssm_parameters.describe_blocker(blocker, plan)
    if isinstance(blocker, ServiceBlocker):
        return service.describe_blocker(blocker, plan)
    if isinstance(blocker, TargetBlocker):
        return plan.target.describe_blocker(blocker)
    if isinstance(blocker, LongRecord):
        what = f"the record of this release has {blocker.size} bytes even when packed"
        return f"{what}, and SSM takes {blocker.limit}", "shorten the manifest's literals"
    assert_never(blocker)


def describe_notice(notice: Notice, *, rollback_to: int | None = None) -> str:
    """What a notice is about. `rollback_to` is the release that the plan brings back, None for a reconcile."""
    if isinstance(notice, LeftTable):
        return dynamodb_table.describe_notice(notice)
    if isinstance(notice, ParameterNotice):
        return ssm_parameters.describe_notice(notice, rollback_to)
    if isinstance(notice, ServiceNotice):
        return service.describe_notice(notice)
    if isinstance(notice, LeftBehind):
        if notice.what == "parameters":
            return f"the parameters of release {notice.cause.release} stay where they are; secrets are not moved"
        return f"the service of release {notice.cause.release} is left as it is; nothing here deletes it"
    assert_never(notice)


def describe_removal(kind: RemovalKind) -> str:
    """What a person should know before something is deleted, "" for nothing."""
    match kind:
        case "table":
            return dynamodb_table.DELETED
        case "policy":
            return iam_roles.POLICY_DELETED
        case "repository":
            return ecr_repository.DELETED
        case "secret":
            return ssm_parameters.VALUE_DELETED
        case "service":
            return service.DELETED
        case "scaling" | "parameter" | "role":
            return ""
        case _:
            assert_never(kind)


def describe_reason(reason: Reason) -> str:
    """Why something is kept when its environment is destroyed."""
    match reason:
        case OtherTable():
            return dynamodb_table.describe_reason(reason)
        case OtherPolicies():
            return iam_roles.describe_reason(reason)
        case BelowThePath():
            return ssm_parameters.describe_reason(reason)
        case UsedBy():
            return f"{reason.environment} uses it"
        case NeedsOption():
            every = f", {ecr_repository.DELETED}" if reason.option == "--with-repository" else ""
            return f"{reason.option} deletes it{every}"
        case NotOurs():
            return "it does not carry the deployer's tag"
        case NotManaged():
            return "the manifest does not let the deployer manage it"
        case History():
            return "what was released, when and by whom; it holds no secret"
        case TargetLogs():
            return f"{reason.title}'s own; CloudWatch keeps them"
        case _:
            assert_never(reason)


def describe_obstacle(until: Until) -> str:
    """What has to end before something can be deleted, in a few words."""
    if isinstance(until, MessagesWait):
        return dynamodb_table.NOT_YET
    assert_never(until)


def describe_wait(name: str, until: Until, environment: str) -> tuple[str, str, str]:
    """What has to wait before anything is deleted, why, and how that ends."""
    if isinstance(until, MessagesWait):
        return dynamodb_table.describe_wait(name, until, environment)
    assert_never(until)
