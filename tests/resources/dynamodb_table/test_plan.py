"""A plan that was carried out leaves nothing to do, and one that would lose messages is blocked."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from deployer.core.desired import Desired
from deployer.core.observed import Observed
from deployer.core.reason import NotManaged, NotOurs, UsedBy
from deployer.resources.dynamodb_table.blocker import BusyTable, ForeignTable, MissingTable, OtherShape
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable
from deployer.resources.dynamodb_table.desired import table_of
from deployer.resources.dynamodb_table.destroy import remove_table
from deployer.resources.dynamodb_table.plan import differing_settings, plan_table
from deployer.resources.dynamodb_table.reason import MessagesWait, OtherTable
from deployer.resources.dynamodb_table.state import KIND, DesiredTable, ObservedTable, Shape, TableRemains
from deployer.resources.part import PlanPart, Running
from deployer.resources.removal import KeptResource, Remains, Removal, RemovalOptions, UnreadyResource
from deployer.resources.unions import Reason
from tests.resources.dynamodb_table.test_desired import desired_from

DESIRED = desired_from("inbox: {kind: dynamodb, table: an-inbox, deletion_protection: true}")
UNMANAGED = desired_from("inbox: {kind: dynamodb, table: an-inbox, managed: false}")


def table(desired: Desired = DESIRED) -> DesiredTable:
    found = table_of(desired)
    assert found is not None
    return found


GOOD = ObservedTable("arn", "ACTIVE", table().shape, deletion_protection=True, expires="gone", tags=table().tags)


def planned(found: ObservedTable | None, desired: Desired = DESIRED) -> PlanPart:
    observed = Observed(desired.account, desired.region, resources={KIND: found} if found else {})
    return plan_table(desired, observed, Running())


def test_an_absent_table_is_created_and_a_good_one_is_left_alone() -> None:
    assert [type(change) for change in planned(None).changes] == [CreateTable]
    assert planned(GOOD) == PlanPart()


@pytest.mark.parametrize(
    ("found", "names"),
    [
        (replace(GOOD, billing_mode="PROVISIONED"), ["billing mode"]),
        (replace(GOOD, deletion_protection=False), ["deletion protection"]),
        (replace(GOOD, stream=True), ["stream"]),
        (replace(GOOD, recovery=True), ["point-in-time recovery"]),
        (replace(GOOD, expires="other"), ["expiry"]),
        (replace(GOOD, expires="", expiring=True), []),  # AWS refuses a change while it switches expiry off
        (replace(GOOD, tags={**GOOD.tags, "owner": "a-team"}), []),
        (replace(GOOD, tags={"owner": "a-team"}), ["tags"]),
        (replace(GOOD, status="UPDATING", stream=True), ["stream"]),
        (replace(GOOD, status="CREATING", indexed=False, expires=""), ["creation", "expiry"]),
    ],
)
def test_each_setting_is_changed_back(found: ObservedTable, names: list[str]) -> None:
    changes = planned(found).changes
    assert [one.name for change in changes if isinstance(change, ChangeTable) for one in change.settings] == names
    assert [cause.subject for change in changes for cause in change.causes] == names
    assert [one.name for one in differing_settings(table(), found)] == names
    assert planned(found, UNMANAGED).changes == ()


@pytest.mark.parametrize(
    ("found", "blocker"),
    [
        (replace(GOOD, status="DELETING"), BusyTable),
        (replace(GOOD, status="INACCESSIBLE_ENCRYPTION_CREDENTIALS"), BusyTable),
        (replace(GOOD, indexed=False), BusyTable),
        (replace(GOOD, shape=Shape(GOOD.shape.keys)), OtherShape),
        (replace(GOOD, tags={**GOOD.tags, "environment": "production"}), ForeignTable),
    ],
)
def test_a_table_that_cannot_be_used_blocks_the_plan_and_is_never_changed(
    found: ObservedTable, blocker: type[object]
) -> None:
    part = planned(replace(found, stream=True))
    assert [type(one) for one in part.blockers] == [blocker]
    assert part.changes == ()


def test_a_table_that_someone_else_keeps_has_to_exist_and_be_ready() -> None:
    assert [type(one) for one in planned(None, UNMANAGED).blockers] == [MissingTable]
    assert [type(one) for one in planned(replace(GOOD, status="CREATING"), UNMANAGED).blockers] == [BusyTable]
    assert planned(replace(GOOD, tags={"environment": "production"}), UNMANAGED).blockers == ()


@pytest.mark.parametrize(
    ("desired", "found", "shared", "decided"),
    [
        (DESIRED, TableRemains(GOOD.tags, 0), {}, None),
        (DESIRED, TableRemains(GOOD.tags, 2), {}, MessagesWait(2)),
        (DESIRED, TableRemains(GOOD.tags, 2), {"an-inbox": "production"}, UsedBy("production")),
        (DESIRED, TableRemains({}, 0), {}, NotOurs()),
        (DESIRED, TableRemains({**GOOD.tags, "app": "another"}, 0), {}, NotOurs()),
        (DESIRED, TableRemains(GOOD.tags, 0, fits=False), {}, OtherTable()),
        (UNMANAGED, TableRemains(GOOD.tags, 0), {}, NotManaged()),
    ],
)
def test_only_an_empty_table_of_this_environment_is_deleted(
    desired: Desired, found: TableRemains, shared: dict[str, str], decided: Reason | MessagesWait | None
) -> None:
    remains = Remains(None, 0, shared=shared, resources={KIND: found})
    [one] = remove_table(desired, remains, RemovalOptions())
    assert (one.kind, one.name) == ("table", "an-inbox")
    match one:
        case Removal():
            assert decided is None
        case KeptResource():
            assert one.reason == decided
        case UnreadyResource():
            assert one.until == decided


def test_what_is_absent_or_not_named_is_not_decided() -> None:
    nothing, options = Remains(None, 0, shared={}), RemovalOptions()
    assert [*remove_table(DESIRED, nothing, options)] == []
    left = replace(nothing, resources={KIND: TableRemains(GOOD.tags, 0)})
    assert [*remove_table(desired_from(""), left, options)] == []
