"""Our loader against botocore's own: other ways, the same data."""

from __future__ import annotations

import pytest
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import JSONFileLoader, Loader

from deployer.aws.models import Files, Models, read


@pytest.fixture(autouse=True)
def _as_they_were_read() -> None:
    """Another test's clients may have completed what was read."""
    read.cache_clear()


def botocores() -> Loader:
    """With its own reader: the local world gives all loaders of its process another one."""
    return Loader(file_loader=JSONFileLoader())


@pytest.mark.parametrize("service", ["sts", "ssm", "ecr", "iam", "logs", "apprunner"])
@pytest.mark.parametrize("kind", ["service-2", "endpoint-rule-set-1", "paginators-1"])
def test_a_service_is_described_as_by_botocore(service: str, kind: str) -> None:
    assert Models().load_service_model(service, kind) == botocores().load_service_model(service, kind)


@pytest.mark.parametrize("name", ["endpoints", "partitions", "_retry", "sdk-default-configuration"])
def test_what_all_services_share_is_the_same(name: str) -> None:
    assert Models().load_data(name) == botocores().load_data(name)


def test_services_that_credentials_may_need_are_found() -> None:
    assert {"sso", "sso-oidc", "sts"} <= set(Models().list_available_services("service-2"))


def test_what_is_not_there_is_not_found() -> None:
    with pytest.raises(UnknownServiceError):
        Models().load_service_model("no-such-service", "service-2")
    with pytest.raises(DataNotFoundError):
        Models().load_service_model("ssm", "no-such-kind-1")


@pytest.mark.parametrize("name", ["partitions", "ec2/2016-11-15/service-2", "ssm/2014-11-06/service-2", "nothing"])
def test_a_file_is_what_botocore_reads(name: str) -> None:
    file = f"{Loader.BUILTIN_DATA_PATH}/{name}"
    assert Files().exists(file) == JSONFileLoader().exists(file)
    assert Files().load_file(file) == JSONFileLoader().load_file(file)


def test_no_loader_reads_a_file_again() -> None:
    file = f"{Loader.BUILTIN_DATA_PATH}/endpoints"
    assert Files().load_file(file) is Files().load_file(file)
