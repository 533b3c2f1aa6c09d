"""What is sent to ECS Express Mode, and what is read of its answers."""

from __future__ import annotations

import random
from typing import Any

import botocore.session
import msgspec
import pytest
from botocore.validate import ParamValidator
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from deployer.core.service import ServiceSpec
from deployer.local.validate import reasons
from deployer.targets.ecs_express.settings import (
    Network,
    Rollout,
    ServiceSettings,
    Tasks,
    command_text,
    of_ecs_express,
    split_command,
)
from deployer.targets.ecs_express.spec import from_answer, managed_groups, to_request
from tests.targets.ecs_express_samples import SETTINGS, SPEC

MODEL = botocore.session.get_session().get_service_model("ecs")
words = st.text(alphabet="abcXYZ_", min_size=1, max_size=8)
ids = st.lists(st.sampled_from("abcdef"), min_size=1, max_size=3, unique=True)
commands = st.lists(st.text(st.characters(codec="ascii", exclude_characters="\x00\r\n"), max_size=6), max_size=4)
networks = st.builds(
    lambda subnets, groups: Network(tuple(sorted(subnets)), tuple(sorted(groups))), ids, ids | st.just([])
)
settings = st.builds(
    ServiceSettings,
    port=st.integers(1, 65535),
    cpu=st.sampled_from([256, 512, 1024, 16384]),
    memory=st.sampled_from([512, 2048, 122880]),
    execution_role=st.just("arn:aws:iam::000000000000:role/execution"),
    task_role=st.just("arn:aws:iam::000000000000:role/task"),
    health_path=st.sampled_from(["/", "/health?deep=1"]),
    tasks=st.builds(
        Tasks,
        st.integers(0, 20),
        st.integers(0, 20),
        st.sampled_from(["AVERAGE_CPU", "AVERAGE_MEMORY", "REQUEST_COUNT_PER_TARGET"]),
        st.integers(1, 5000),
    ),
    command=commands.map(command_text),
    network=st.none() | networks,
    rollout=st.none() | st.builds(Rollout, st.none() | st.integers(0, 9), st.none() | st.integers(1, 100)),
)
environments = st.dictionaries(words, words | st.just(""), max_size=4)
specs = st.builds(
    ServiceSpec, image=st.just("repository@sha256:0"), settings=settings, environment=environments, secrets=environments
).filter(lambda spec: not spec.environment.keys() & spec.secrets.keys())


def members(shape: str) -> set[str]:
    return set(MODEL.shape_for(shape).members)  # type: ignore[attr-defined]


def described(request: dict[str, Any], seed: int = 0) -> dict[str, Any]:
    """What Describe answers after such a request: lists come in any order."""
    answer = {**request, "primaryContainer": {**request["primaryContainer"]}}
    for member in ("environment", "secrets"):
        answer["primaryContainer"][member] = random.Random(seed).sample(
            answer["primaryContainer"][member], len(answer["primaryContainer"][member])
        )
    return answer


@given(specs, st.integers(0, 99))
def test_what_is_sent_is_what_is_read_back(spec: ServiceSpec, seed: int) -> None:
    """Also in another order of the variables (terraform-provider-aws#45792)."""
    found = from_answer(described(to_request(spec, {}), seed))
    assert found == spec.over(found)


@given(specs)
def test_every_request_fits_awss_own_description(spec: ServiceSpec) -> None:
    for name, more in (
        ("UpdateExpressGatewayServiceRequest", {"serviceArn": "arn"}),
        ("CreateExpressGatewayServiceRequest", {"serviceName": "a", "infrastructureRoleArn": "arn"}),
    ):
        shape, request = MODEL.shape_for(name), {**to_request(spec, {}), **more}
        assert ParamValidator().validate(request, shape).generate_report() == ""
        assert reasons(shape, request) == []  # botocore checks no enums


@given(specs)
def test_what_the_model_and_the_guide_give_different_defaults_is_always_sent(spec: ServiceSpec) -> None:
    """terraform-provider-aws#49511 and #47919."""
    request = to_request(spec, {})
    assert request.keys() >= {"cpu", "memory", "healthCheckPath", "executionRoleArn", "taskRoleArn"}
    assert request["scalingTarget"].keys() == members("ExpressGatewayScalingTarget")
    kept = {"awsLogsConfiguration", "repositoryCredentials"}
    assert request["primaryContainer"].keys() == members("ExpressGatewayContainer") - kept


@given(environments, environments)
def test_no_name_is_in_both_lists(environment: dict[str, str], secrets: dict[str, str]) -> None:
    """ECS refuses such a request."""
    container = to_request(replace(SPEC, environment=environment, secrets=secrets), {})["primaryContainer"]
    plain, secret = ([one["name"] for one in container[member]] for member in ("environment", "secrets"))
    assert set(plain) & set(secret) == set()
    assert set(secret) == set(secrets)


def test_what_the_container_has_and_no_key_names_is_sent_again() -> None:
    logs = {"awsLogsConfiguration": {"logGroup": "/aws/ecs/default/demo-1a2b", "logStreamPrefix": "ecs"}}
    container = to_request(SPEC, {**logs, "image": "old"})["primaryContainer"]
    assert container["awsLogsConfiguration"] == logs["awsLogsConfiguration"]
    assert container["image"] == SPEC.image


def test_the_port_is_given_to_the_container_and_is_no_variable_of_the_release() -> None:
    request = to_request(SPEC, {})
    assert {"name": "PORT", "value": "8001"} in request["primaryContainer"]["environment"]
    assert "PORT" not in from_answer(request).environment
    request["primaryContainer"]["environment"] = [{"name": "PORT", "value": "9"}]
    assert from_answer(request).environment == {"PORT": "9"}  # someone changed it: that is drift


def test_a_security_group_of_ecs_is_no_difference() -> None:
    """terraform-provider-aws#47595 and #47908."""
    revision = {
        "ecsManagedResources": {
            "serviceSecurityGroups": [{"arn": "arn:aws:ec2:us-west-2:000000000000:security-group/sg-of-ecs"}]
        }
    }
    answer = to_request(SPEC, {})
    answer["networkConfiguration"] = {
        "subnets": ["subnet-0000000b", "subnet-0000000a"],
        "securityGroups": ["sg-of-ecs", "sg-0000000a"],
    }
    assert from_answer(answer, managed_groups(revision)) == SPEC
    answer["networkConfiguration"]["securityGroups"].append("sg-by-hand")
    assert from_answer(answer, managed_groups(revision)) != SPEC
    assert managed_groups({}) == frozenset()


def test_scaling_that_ecs_fills_is_no_difference() -> None:
    """terraform-provider-aws#49511."""
    answer = to_request(SPEC, {})
    answer["scalingTarget"] = {"minTaskCount": 1, "maxTaskCount": 20}
    assert from_answer(answer) == SPEC


def test_a_network_that_the_manifest_does_not_name_stays_as_it_is() -> None:
    desired = replace(SPEC, settings=replace(SETTINGS, network=None))
    live = from_answer(to_request(SPEC, {}))
    assert desired.over(live) == live
    assert "networkConfiguration" not in to_request(desired, {})
    assert of_ecs_express(desired).left_out(of_ecs_express(live)) == {}


def test_a_canary_is_recorded_and_never_a_difference() -> None:
    """containers-roadmap#2813: no call of Express Mode takes or reports it."""
    desired = replace(SPEC, settings=replace(SETTINGS, rollout=Rollout(bake_minutes=1)))
    live = from_answer(to_request(desired, {}))
    assert desired.over(live) == live
    assert of_ecs_express(desired).words()["deployment"] == "1 minutes each"


def test_an_answer_without_a_configuration_is_read() -> None:
    """A service whose first deployment failed may have none."""
    spec = from_answer({})
    assert (spec.image, spec.environment, of_ecs_express(spec).network) == ("", {}, None)


@pytest.mark.parametrize("command", ["python -m notes", 'sh -c "sleep 1; exec x"', ""])
def test_a_command_is_compared_by_its_words(command: str) -> None:
    assert split_command(command_text(split_command(command))) == split_command(command)


@given(settings)
def test_settings_are_read_from_their_record(found: ServiceSettings) -> None:
    written = msgspec.json.decode(msgspec.json.encode(found))
    assert ServiceSettings.from_dict({**written, "later": {"x": 1}}) == found
