"""Every member of Express Mode's model is decided."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.session
from botocore.model import ListShape, Shape, StructureShape

from deployer.targets.ecs_express.members import DECIDED, MEMBERS, unmodelled, with_kept
from deployer.targets.ecs_express.spec import to_request
from tests.targets.ecs_express_samples import SPEC, configuration

MODEL = botocore.session.get_session().get_service_model("ecs")
CONFIGURATION = "activeConfigurations[]."


def leaves(shape: Shape, path: str = "") -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from leaves(shape.member, f"{path}[]")
    else:
        yield path


def test_every_member_of_the_service_model_is_decided_and_none_beside() -> None:
    shapes = (
        "CreateExpressGatewayServiceRequest",
        "UpdateExpressGatewayServiceRequest",
        "ECSExpressGatewayService",
    )
    found = {path.removeprefix(CONFIGURATION) for name in shapes for path in leaves(MODEL.shape_for(name))}
    assert found == DECIDED.keys()


def test_no_member_is_decided_twice() -> None:
    assert len(DECIDED) == sum(len(members) for members in MEMBERS.values())


def test_what_is_known_is_not_kept_a_second_time() -> None:
    assert unmodelled(configuration(1, taskDefinitionArn="arn")) == {}


def test_a_member_of_a_newer_api_is_found_and_sent_again() -> None:
    new = configuration(1, gpu="1")
    new["primaryContainer"]["stopTimeout"] = 60
    kept = unmodelled(new)
    assert kept == {"gpu": "1", "primaryContainer.stopTimeout": 60}
    sent = with_kept(to_request(SPEC, {}), kept)
    assert sent["primaryContainer"]["stopTimeout"] == 60
    assert "gpu" not in sent  # ECS keeps what an update leaves out
