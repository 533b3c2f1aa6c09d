"""What all loaders of the local world share is what each would have read by itself."""

from __future__ import annotations

import pytest
from botocore.loaders import JSONFileLoader, Loader

from deployer.local.models import Once, service_model

BUILTIN = Loader.BUILTIN_DATA_PATH


@pytest.mark.parametrize("name", ["partitions", "ec2/2016-11-15/service-2", "ssm/2014-11-06/service-2", "nothing"])
def test_a_file_is_what_botocore_reads(name: str) -> None:
    file = f"{BUILTIN}/{name}"
    assert Once().exists(file) == JSONFileLoader().exists(file)
    assert Once().load_file(file) == JSONFileLoader().load_file(file)


def test_no_loader_reads_a_file_again() -> None:
    file = f"{BUILTIN}/endpoints"
    assert Once().load_file(file) is Once().load_file(file)


def test_a_service_is_the_one_of_that_name() -> None:
    assert service_model("apprunner").operation_model("CreateService").input_shape is not None
