from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st

from deployer.core.service import Scaling, ServiceSpec
from deployer.local.validate import reasons
from deployer.targets.apprunner.settings import HealthCheck, Network, Observability, ServiceSettings, of_app_runner
from deployer.targets.apprunner.spec import from_answer, to_request

words = st.text(alphabet="abcXYZ_", min_size=1, max_size=8)
variables = st.dictionaries(words, words, max_size=4)
small = st.integers(1, 20)
scalings = st.builds(Scaling, small, small, small)
settings = st.builds(
    ServiceSettings,
    port=st.integers(1, 65535),
    cpu=st.sampled_from([256, 512, 1024, 2048, 4096]),
    memory=st.sampled_from([512, 1024, 2048, 4096]),
    access_role=st.just("arn:aws:iam::000000000000:role/access"),
    instance_role=st.just("arn:aws:iam::000000000000:role/instance"),
    health_check=st.builds(HealthCheck, st.sampled_from(["TCP", "HTTP"]), st.just("/"), small, small, small, small),
    scaling=scalings,
    auto_deployments=st.booleans(),
    command=st.sampled_from(["", "python -m app"]),
    network=st.none()
    | st.builds(
        Network,
        st.sampled_from(["", "arn:aws:apprunner:us-west-2:000000000000:vpcconnector/a"]),
        st.sampled_from(["public", "private"]),
        st.sampled_from(["ipv4", "dual-stack"]),
    ),
    observability=st.sampled_from(
        [None, Observability(), Observability(True, "arn:aws:apprunner:us-west-2:000000000000:observability/a")]
    ),
)
specs = st.builds(
    ServiceSpec,
    image=st.just("000000000000.dkr.ecr.us-west-2.amazonaws.com/a@sha256:" + "0" * 64),
    settings=settings,
    environment=variables,
    secrets=variables,
)
MODEL = botocore.session.get_session().get_service_model("apprunner")


def described(request: dict[str, Any]) -> Any:
    """What DescribeService answers after such a request."""
    return {name: request[name] for name in request if name != "AutoScalingConfigurationArn"}


@given(specs)
def test_what_is_sent_is_what_is_read_back(spec: ServiceSpec) -> None:
    found = from_answer(described(to_request(spec, "arn")), of_app_runner(spec).scaling)
    assert found == spec.over(found)


@given(specs)
def test_every_request_fits_awss_own_description(spec: ServiceSpec) -> None:
    request = {
        "ServiceArn": "arn:aws:apprunner:us-west-2:000000000000:service/a/b",
        **to_request(spec, "arn:aws:apprunner:us-west-2:000000000000:autoscalingconfiguration/a/1/0"),
    }
    shape = MODEL.shape_for("UpdateServiceRequest")
    assert ParamValidator().validate(request, shape).generate_report() == ""
    assert reasons(shape, request) == []  # botocore checks neither enums nor patterns


@pytest.mark.parametrize(("cpu", "units"), [("1 vCPU", 1024), ("1024", 1024), ("0.25 vCPU", 256), ("4096", 4096)])
@pytest.mark.parametrize(("memory", "size"), [("2 GB", 2048), ("2048", 2048), ("0.5 GB", 512)])
def test_both_spellings_of_a_size_are_the_same(cpu: str, units: int, memory: str, size: int) -> None:
    answer: Any = {"SourceConfiguration": {}, "InstanceConfiguration": {"Cpu": cpu, "Memory": memory}}
    spec = from_answer(answer, Scaling(1, 1, 1))
    settings = of_app_runner(spec)
    assert (settings.cpu, settings.memory) == (units, size)


def test_what_is_not_said_is_the_documented_default() -> None:
    answer: Any = {"SourceConfiguration": {"ImageRepository": {"ImageIdentifier": "i"}}, "InstanceConfiguration": {}}
    spec = from_answer(answer, Scaling(1, 1, 1))
    assert spec == ServiceSpec(
        image="i",
        settings=ServiceSettings(
            port=8080,
            cpu=1024,
            memory=2048,
            access_role="",
            instance_role="",
            health_check=HealthCheck("TCP", "/", 5, 2, 1, 5),
            scaling=Scaling(1, 1, 1),
            auto_deployments=True,
            command="",
            network=Network(),
            observability=Observability(),
        ),
        environment={},
        secrets={},
    )
