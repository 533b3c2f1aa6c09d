"""Network, observability and encryption: kept, reported, and refused where they refer to what is not there."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Get = Callable[..., Any]

PREFIX = "arn:aws:apprunner:us-west-2:000000000000"
DEFAULT_TRACING = f"{PREFIX}:observabilityconfiguration/DefaultConfiguration/1/{1:032x}"
_names = itertools.count()
KEY = "arn:aws:kms:us-west-2:000000000000:key/01234567-89ab-cdef-0123-456789abcdef"
DEFAULTS = {
    "EgressConfiguration": {"EgressType": "DEFAULT"},
    "IngressConfiguration": {"IsPubliclyAccessible": True},
    "IpAddressType": "IPV4",
}


@pytest.fixture
def connector(world: Any) -> Iterator[str]:
    """The ARN of a VPC connector."""
    client = world.apprunner
    made = client.create_vpc_connector(VpcConnectorName="to-vpc", Subnets=["subnet-1", "subnet-2"])["VpcConnector"]
    arn: str = made["VpcConnectorArn"]
    yield arn
    world.delete_all()
    if client.list_vpc_connectors()["VpcConnectors"]:
        client.delete_vpc_connector(VpcConnectorArn=arn)


@pytest.fixture
def tracing(world: Any) -> Iterator[list[str]]:
    """The ARNs of two revisions of an observability configuration."""
    client, name = world.apprunner, f"traced-{next(_names)}"
    arns = [
        client.create_observability_configuration(
            ObservabilityConfigurationName=name, TraceConfiguration={"Vendor": "AWSXRAY"}
        )["ObservabilityConfiguration"]["ObservabilityConfigurationArn"]
        for _ in range(2)
    ]
    yield arns
    world.delete_all()
    for found in client.list_observability_configurations(ObservabilityConfigurationName=name, LatestOnly=False)[
        "ObservabilityConfigurationSummaryList"
    ]:
        client.delete_observability_configuration(ObservabilityConfigurationArn=found["ObservabilityConfigurationArn"])


def egress(connector: str) -> dict[str, Any]:
    return {"EgressConfiguration": {"EgressType": "VPC", "VpcConnectorArn": connector}}


def traced(arn: str) -> dict[str, Any]:
    return {"ObservabilityEnabled": True, "ObservabilityConfigurationArn": arn}


def test_what_a_service_has_that_names_none_of_them(world: Any, port: int) -> None:
    arn, _ = world.create("net-plain", world.push().uri, port)
    service = world.describe(arn)
    assert service["NetworkConfiguration"] == DEFAULTS
    assert service["ObservabilityConfiguration"] == {"ObservabilityEnabled": False}
    assert "EncryptionConfiguration" not in service


def test_they_are_kept_and_reported(world: Any, port: int, get: Get, connector: str, tracing: list[str]) -> None:
    arn, status = world.create(
        "net-all",
        world.push(env=("VERSION=1",)).uri,
        port,
        NetworkConfiguration={**egress(connector), "IpAddressType": "DUAL_STACK"},
        ObservabilityConfiguration=traced(tracing[0]),
        EncryptionConfiguration={"KmsKey": KEY},
    )
    assert status == "SUCCEEDED", world.log(arn, "service")
    network = DEFAULTS | egress(connector) | {"IpAddressType": "DUAL_STACK"}

    def kept() -> tuple[Any, ...]:
        service = world.describe(arn)
        blocks = ("NetworkConfiguration", "ObservabilityConfiguration", "EncryptionConfiguration")
        return tuple(service[block] for block in blocks)

    assert kept() == (network, traced(tracing[0]), {"KmsKey": KEY})
    assert world.update(arn, HealthCheckConfiguration=world.health(Interval=2)) == "SUCCEEDED"
    assert kept() == (network, traced(tracing[0]), {"KmsKey": KEY})
    assert world.update(arn, NetworkConfiguration={"IpAddressType": "IPV4"}) == "SUCCEEDED"
    assert kept() == (DEFAULTS, traced(tracing[0]), {"KmsKey": KEY})
    assert world.update(arn, ObservabilityConfiguration={"ObservabilityEnabled": False}) == "SUCCEEDED"
    assert kept() == (DEFAULTS, {"ObservabilityEnabled": False}, {"KmsKey": KEY})
    sick = world.source(world.push().uri, port, RuntimeEnvironmentVariables={"SICK": "1"})
    failed = world.update(
        arn,
        SourceConfiguration=sick,
        HealthCheckConfiguration=world.health(),
        NetworkConfiguration=egress(connector),
        ObservabilityConfiguration=traced(tracing[0]),
    )
    assert failed == "ROLLBACK_SUCCEEDED"
    assert kept() == (DEFAULTS, {"ObservabilityEnabled": False}, {"KmsKey": KEY})
    assert get(port)["env"]["VERSION"] == "1"


def test_a_name_means_its_latest_revision(world: Any, port: int, tracing: list[str]) -> None:
    name = tracing[0].rpartition("/1/")[0]
    arn, _ = world.create("net-named", world.push().uri, port, ObservabilityConfiguration=traced(name))
    assert world.describe(arn)["ObservabilityConfiguration"] == traced(tracing[1])
    assert world.update(arn, ObservabilityConfiguration=traced(f"{name}/1")) == "SUCCEEDED"
    assert world.describe(arn)["ObservabilityConfiguration"] == traced(tracing[0])
    assert world.update(arn, ObservabilityConfiguration=traced(DEFAULT_TRACING)) == "SUCCEEDED"


def test_what_is_gone_cannot_be_used_and_what_is_used_cannot_go(
    world: Any, port: int, connector: str, tracing: list[str]
) -> None:
    client, invalid = world.apprunner, world.apprunner.exceptions.InvalidRequestException
    arn, _ = world.create("net-used", world.push().uri, port)
    before = world.describe(arn)
    blocks = {"NetworkConfiguration": egress(connector), "ObservabilityConfiguration": traced(tracing[1])}
    assert world.update(arn, **blocks) == "SUCCEEDED"
    with pytest.raises(invalid, match=f"is being used by other services. ARN: {connector}"):
        client.delete_vpc_connector(VpcConnectorArn=connector)
    with pytest.raises(invalid, match="is used by a service"):
        client.delete_observability_configuration(ObservabilityConfigurationArn=tracing[1])
    for block in blocks:
        assert world.update(arn, **{block: before[block]}) == "SUCCEEDED"
    assert client.delete_vpc_connector(VpcConnectorArn=connector)["VpcConnector"]["Status"] == "INACTIVE"
    deleted = client.delete_observability_configuration(ObservabilityConfigurationArn=tracing[1])
    assert deleted["ObservabilityConfiguration"]["Status"] == "INACTIVE"
    for block, value in blocks.items():
        with pytest.raises(invalid, match="There is no"):
            client.update_service(ServiceArn=arn, **{block: value})
    assert world.describe(arn)["NetworkConfiguration"] == DEFAULTS


def test_a_private_service_has_no_url_and_nothing_listens(world: Any, port: int, get: Get) -> None:
    private = {"IngressConfiguration": {"IsPubliclyAccessible": False}}
    arn, status = world.create("net-private", world.push(env=("VERSION=1",)).uri, port, NetworkConfiguration=private)
    assert status == "SUCCEEDED", world.log(arn, "service")
    assert "ServiceUrl" not in world.describe(arn)
    assert "ServiceUrl" not in world.apprunner.list_services()["ServiceSummaryList"][0]
    with socket.create_server(("127.0.0.1", port)):
        pass  # nothing listens
    public = {"IngressConfiguration": {"IsPubliclyAccessible": True}}
    assert world.update(arn, NetworkConfiguration=public) == "SUCCEEDED"
    assert world.describe(arn)["ServiceUrl"] == f"127.0.0.1:{port}"
    assert get(port)["env"]["VERSION"] == "1"
    assert world.update(arn, NetworkConfiguration=private) == "SUCCEEDED"
    world.until(lambda: not _listens(port))
    for turn in (world.apprunner.pause_service, world.apprunner.resume_service):
        assert world.ended(arn, turn(ServiceArn=arn)["OperationId"]) == "SUCCEEDED"


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_vpc_connectors(world: Any, connector: str) -> None:
    client = world.apprunner
    found = client.describe_vpc_connector(VpcConnectorArn=connector)["VpcConnector"]
    assert (found["VpcConnectorName"], found["VpcConnectorRevision"], found["Status"]) == ("to-vpc", 1, "ACTIVE")
    assert found["Subnets"] == ["subnet-1", "subnet-2"]
    assert len(found["SecurityGroups"]) == 1
    assert client.list_vpc_connectors()["VpcConnectors"] == [found]
    client.tag_resource(ResourceArn=connector, Tags=[{"Key": "a", "Value": "b"}])
    assert client.list_tags_for_resource(ResourceArn=connector)["Tags"] == [{"Key": "a", "Value": "b"}]
    invalid = client.exceptions.InvalidRequestException
    for wrong in ({"VpcConnectorName": "to-vpc", "Subnets": ["s"]}, {"VpcConnectorName": "other", "Subnets": []}):
        with pytest.raises(invalid):
            client.create_vpc_connector(**wrong)
    client.delete_vpc_connector(VpcConnectorArn=connector)
    assert client.list_vpc_connectors()["VpcConnectors"] == []
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.delete_vpc_connector(VpcConnectorArn=connector)


def test_ten_vpc_connectors_are_the_most(world: Any) -> None:
    client = world.apprunner
    made = [
        client.create_vpc_connector(VpcConnectorName=f"many-{n}", Subnets=["s"])["VpcConnector"]["VpcConnectorArn"]
        for n in range(10)
    ]
    with pytest.raises(client.exceptions.ServiceQuotaExceededException):
        client.create_vpc_connector(VpcConnectorName="many-10", Subnets=["s"])
    first = client.list_vpc_connectors(MaxResults=4)
    second = client.list_vpc_connectors(MaxResults=10, NextToken=first["NextToken"])
    assert [one["VpcConnectorArn"] for page in (first, second) for one in page["VpcConnectors"]] == made[::-1]
    assert "NextToken" not in second
    for arn in made:
        client.delete_vpc_connector(VpcConnectorArn=arn)


def test_observability_configurations(world: Any, tracing: list[str]) -> None:
    client = world.apprunner

    def listed(**request: Any) -> list[str]:
        answer = client.list_observability_configurations(**request)["ObservabilityConfigurationSummaryList"]
        return [one["ObservabilityConfigurationArn"] for one in answer]

    assert listed() == [tracing[1], DEFAULT_TRACING]
    first, second = (
        client.describe_observability_configuration(ObservabilityConfigurationArn=arn)["ObservabilityConfiguration"]
        for arn in tracing
    )
    assert (
        listed(LatestOnly=False, ObservabilityConfigurationName=first["ObservabilityConfigurationName"])
        == tracing[::-1]
    )
    assert (first["ObservabilityConfigurationRevision"], first["Latest"]) == (1, False)
    assert (second["ObservabilityConfigurationRevision"], second["Latest"]) == (2, True)
    assert second["TraceConfiguration"] == {"Vendor": "AWSXRAY"}
    plain = client.create_observability_configuration(ObservabilityConfigurationName="plain")
    assert "TraceConfiguration" not in plain["ObservabilityConfiguration"]
    client.delete_observability_configuration(
        ObservabilityConfigurationArn=plain["ObservabilityConfiguration"]["ObservabilityConfigurationArn"]
    )
    invalid = client.exceptions.InvalidRequestException
    with pytest.raises(invalid, match="reserved"):
        client.create_observability_configuration(ObservabilityConfigurationName="DefaultConfiguration")
    with pytest.raises(invalid, match="cannot be deleted"):
        client.delete_observability_configuration(ObservabilityConfigurationArn=DEFAULT_TRACING)
