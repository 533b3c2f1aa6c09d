"""Auto scaling configurations, tags, and pages."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

PREFIX = "arn:aws:apprunner:us-west-2:000000000000:autoscalingconfiguration/"
_names = itertools.count()


@pytest.fixture
def name(shared: Any) -> Any:
    """A name of one test; its revisions are deleted afterwards."""
    name = f"scaling-{next(_names)}"
    yield name
    client = shared.apprunner
    if client.list_auto_scaling_configurations(AutoScalingConfigurationName=name)[
        "AutoScalingConfigurationSummaryList"
    ]:
        client.delete_auto_scaling_configuration(AutoScalingConfigurationArn=PREFIX + name, DeleteAllRevisions=True)


def create(client: Any, name: str, **numbers: int) -> dict[str, Any]:
    answer: dict[str, Any] = client.create_auto_scaling_configuration(AutoScalingConfigurationName=name, **numbers)
    return answer["AutoScalingConfiguration"]  # type: ignore[no-any-return]


def listed(client: Any, **request: Any) -> list[int]:
    answer = client.list_auto_scaling_configurations(**request)["AutoScalingConfigurationSummaryList"]
    return [summary["AutoScalingConfigurationRevision"] for summary in answer]


def test_revisions(shared: Any, name: str) -> None:
    client = shared.apprunner
    first = create(client, name)
    assert (first["MaxConcurrency"], first["MinSize"], first["MaxSize"]) == (100, 1, 25)
    assert first["AutoScalingConfigurationArn"].startswith(f"{PREFIX}{name}/1/")
    second = create(client, name, MinSize=2, MaxSize=3, MaxConcurrency=7)
    assert (second["AutoScalingConfigurationRevision"], second["Latest"]) == (2, True)
    assert listed(client, AutoScalingConfigurationName=name) == [2]
    assert listed(client, AutoScalingConfigurationName=name, LatestOnly=False) == [2, 1]
    for arn, revision in (
        (PREFIX + name, 2),
        (f"{PREFIX}{name}/1", 1),
        (first["AutoScalingConfigurationArn"], 1),
    ):
        found = client.describe_auto_scaling_configuration(AutoScalingConfigurationArn=arn)["AutoScalingConfiguration"]
        assert (found["AutoScalingConfigurationRevision"], found["Latest"]) == (revision, revision == 2)
    for wrong in (f"{PREFIX}{name}/9", f"{PREFIX}{name}/1/{'0' * 32}", f"{PREFIX}nobody"):
        with pytest.raises(client.exceptions.ResourceNotFoundException):
            client.describe_auto_scaling_configuration(AutoScalingConfigurationArn=wrong)


def test_five_revisions_are_the_most(shared: Any, name: str) -> None:
    client = shared.apprunner
    for _ in range(5):
        create(client, name)
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        create(client, name)
    gone = client.delete_auto_scaling_configuration(AutoScalingConfigurationArn=f"{PREFIX}{name}/1")
    assert gone["AutoScalingConfiguration"]["Status"] == "INACTIVE"
    assert create(client, name)["AutoScalingConfigurationRevision"] == 6
    assert listed(client, AutoScalingConfigurationName=name, LatestOnly=False) == [6, 5, 4, 3, 2]


@pytest.mark.parametrize(
    ("numbers", "told"),
    [
        ({"MinSize": 3, "MaxSize": 2}, "MinSize 3 is more than MaxSize 2"),
        ({"MaxConcurrency": 201}, "is more than 200"),
        ({"MinSize": 26}, "is more than 25"),
        ({"MinSize": 0}, "is less than 1"),
    ],
)
def test_numbers_out_of_range(shared: Any, name: str, numbers: dict[str, int], told: str) -> None:
    with pytest.raises(shared.apprunner.exceptions.InvalidRequestException, match=told):
        create(shared.apprunner, name, **numbers)


def test_quotas_and_reserved_names(shared: Any, name: str) -> None:
    client = shared.apprunner
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        create(client, name, MaxSize=26)
    with pytest.raises(client.exceptions.InvalidRequestException, match="reserved"):
        create(client, "DefaultConfiguration")


def test_the_default_is_there_and_stays(shared: Any) -> None:
    client = shared.apprunner
    arn = f"{PREFIX}DefaultConfiguration/1/{1:032x}"
    found = client.describe_auto_scaling_configuration(AutoScalingConfigurationArn=arn)["AutoScalingConfiguration"]
    assert (found["IsDefault"], found["MinSize"], found["MaxSize"]) == (True, 1, 25)
    with pytest.raises(client.exceptions.InvalidRequestException, match="is the default"):
        client.delete_auto_scaling_configuration(AutoScalingConfigurationArn=arn)


def test_a_revision_in_use_stays(world: Any, port: int, name: str) -> None:
    client = world.apprunner
    used = create(client, name)["AutoScalingConfigurationArn"]
    create(client, name)
    arn, status = world.create("scl-used", world.push().uri, port, AutoScalingConfigurationArn=f"{PREFIX}{name}/1")
    assert status == "SUCCEEDED"
    summary = world.describe(arn)["AutoScalingConfigurationSummary"]
    assert (summary["AutoScalingConfigurationArn"], summary["HasAssociatedService"]) == (used, True)
    answer = client.list_auto_scaling_configurations(AutoScalingConfigurationName=name, LatestOnly=False)
    summaries = {one["AutoScalingConfigurationRevision"]: one for one in answer["AutoScalingConfigurationSummaryList"]}
    assert summaries[1] == summary
    assert {number: one["HasAssociatedService"] for number, one in summaries.items()} == {1: True, 2: False}
    assert {(one["Status"], one["IsDefault"]) for one in summaries.values()} == {("ACTIVE", False)}
    assert summaries[1]["CreatedAt"] <= summaries[2]["CreatedAt"]
    services = client.list_services_for_auto_scaling_configuration(AutoScalingConfigurationArn=used)
    assert services["ServiceArnList"] == [arn]
    for request in (
        {"AutoScalingConfigurationArn": used},
        {"AutoScalingConfigurationArn": PREFIX + name, "DeleteAllRevisions": True},
    ):
        with pytest.raises(client.exceptions.InvalidRequestException, match="is used by a service"):
            client.delete_auto_scaling_configuration(**request)
    assert world.update(arn, AutoScalingConfigurationArn=f"{PREFIX}{name}/2") == "SUCCEEDED"
    client.delete_auto_scaling_configuration(AutoScalingConfigurationArn=used)
    with pytest.raises(client.exceptions.InvalidRequestException, match="There is no auto scaling configuration"):
        client.update_service(ServiceArn=arn, AutoScalingConfigurationArn=used)
    world.delete_all()


def test_a_new_default_is_for_services_to_come(world: Any, port: int, name: str) -> None:
    client = world.apprunner
    arn = create(client, name)["AutoScalingConfigurationArn"]
    client.update_default_auto_scaling_configuration(AutoScalingConfigurationArn=arn)
    try:
        service, _ = world.create("scl-new", world.push().uri, port)
        assert world.describe(service)["AutoScalingConfigurationSummary"]["AutoScalingConfigurationArn"] == arn
        world.delete_all()
    finally:
        client.update_default_auto_scaling_configuration(AutoScalingConfigurationArn=PREFIX + "DefaultConfiguration")


def test_tags(world: Any, port: int, name: str) -> None:
    client = world.apprunner
    arn, _ = world.create("tag-one", world.push().uri, port, Tags=[{"Key": "a", "Value": "1"}])
    scaling = create(client, name)["AutoScalingConfigurationArn"]
    for resource, before in ((arn, [{"Key": "a", "Value": "1"}]), (scaling, [])):
        assert client.list_tags_for_resource(ResourceArn=resource)["Tags"] == before
        client.tag_resource(ResourceArn=resource, Tags=[{"Key": "a", "Value": "2"}, {"Key": "b", "Value": ""}])
        client.untag_resource(ResourceArn=resource, TagKeys=["a", "never"])
        assert client.list_tags_for_resource(ResourceArn=resource)["Tags"] == [{"Key": "b", "Value": ""}]
    with pytest.raises(client.exceptions.InvalidRequestException):
        client.tag_resource(ResourceArn=arn, Tags=[{"Key": "aws:mine", "Value": ""}])
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.list_tags_for_resource(ResourceArn=arn[:-1] + ("1" if arn[-1] != "1" else "2"))


def test_pages(shared: Any, name: str) -> None:
    client = shared.apprunner
    for _ in range(5):
        create(client, name)
    request = {"AutoScalingConfigurationName": name, "LatestOnly": False, "MaxResults": 2}
    first = client.list_auto_scaling_configurations(**request)
    second = client.list_auto_scaling_configurations(**request, NextToken=first["NextToken"])
    third = client.list_auto_scaling_configurations(**request, NextToken=second["NextToken"])
    pages = [
        [summary["AutoScalingConfigurationRevision"] for summary in page["AutoScalingConfigurationSummaryList"]]
        for page in (first, second, third)
    ]
    assert pages == [[5, 4], [3, 2], [1]]
    assert "NextToken" not in third
    for token in ("nonsense", "é", "bm9ib2R5"):
        with pytest.raises(client.exceptions.InvalidRequestException, match="NextToken"):
            client.list_auto_scaling_configurations(**request, NextToken=token)
    with pytest.raises(client.exceptions.InvalidRequestException, match="is more than 20"):
        client.list_services(MaxResults=21)


def test_pages_of_services_and_operations(world: Any, port: int) -> None:
    """Three services that never started, one of them deleted between two pages."""
    client = world.apprunner
    source = world.source("000000000000.dkr.ecr.us-west-2.amazonaws.com/small:none", port)
    arns = [world.create(f"page-{n}", "", port, SourceConfiguration=source)[0] for n in range(3)]
    first = client.list_services(MaxResults=1)
    assert [summary["ServiceArn"] for summary in first["ServiceSummaryList"]] == [arns[0]]
    operation = client.delete_service(ServiceArn=arns[0])["OperationId"]
    assert world.ended(arns[0], operation) == "SUCCEEDED"
    rest = client.list_services(MaxResults=2, NextToken=first["NextToken"])
    assert [summary["ServiceArn"] for summary in rest["ServiceSummaryList"]] == arns[1:]
    assert "NextToken" not in rest
    newest = client.list_operations(ServiceArn=arns[0], MaxResults=1)
    oldest = client.list_operations(ServiceArn=arns[0], MaxResults=1, NextToken=newest["NextToken"])
    assert newest["OperationSummaryList"][0]["Type"] == "DELETE_SERVICE"
    assert oldest["OperationSummaryList"][0]["Type"] == "CREATE_SERVICE"
    assert "NextToken" not in oldest


def test_thirty_services_are_the_most(world: Any, port: int) -> None:
    client = world.apprunner
    source = world.source("000000000000.dkr.ecr.us-west-2.amazonaws.com/small:none", port)
    for number in range(30):
        client.create_service(ServiceName=f"many-{number}", SourceConfiguration=source)
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        client.create_service(ServiceName="one-more", SourceConfiguration=source)
    assert len(client.list_services(MaxResults=20)["ServiceSummaryList"]) == 20
    whole = client.list_services()
    assert (len(whole["ServiceSummaryList"]), "NextToken" in whole) == (30, False)
    while client.list_services()["ServiceSummaryList"]:
        world.delete_all()
