"""The models that the local world checks requests against."""

from __future__ import annotations

from deployer.local.models import service_model


def test_a_service_is_the_one_of_that_name() -> None:
    assert service_model("apprunner").operation_model("CreateService").input_shape is not None
