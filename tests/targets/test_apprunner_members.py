"""Every member of App Runner's service model has a decision, and every decision a member."""

from __future__ import annotations

from collections.abc import Iterator

import botocore.session
from botocore.model import ListShape, Shape, StructureShape

from deployer.targets.apprunner.members import DECIDED, MEMBERS, unmodelled, with_kept

MODEL = botocore.session.get_session().get_service_model("apprunner")


def leaves(shape: Shape, path: str = "") -> Iterator[str]:
    if isinstance(shape, StructureShape):
        for name, member in shape.members.items():
            yield from leaves(member, f"{path}.{name}" if path else name)
    elif isinstance(shape, ListShape):
        yield from leaves(shape.member, f"{path}[]")
    else:
        yield path


def test_every_member_of_the_service_model_is_decided_and_none_beside() -> None:
    shapes = ("CreateServiceRequest", "UpdateServiceRequest", "Service")
    assert {path for name in shapes for path in leaves(MODEL.shape_for(name))} == DECIDED.keys()


def test_no_member_is_decided_twice() -> None:
    assert len(DECIDED) == sum(len(members) for members in MEMBERS.values())


def test_a_member_of_a_newer_api_is_found_and_sent_again() -> None:
    service = {"Status": "RUNNING", "InstanceConfiguration": {"Cpu": "1024", "Gpu": "1"}, "Region": {"Name": "x"}}
    kept = unmodelled(service)

    assert kept == {"InstanceConfiguration.Gpu": "1", "Region": {"Name": "x"}}
    sent = with_kept({"InstanceConfiguration": {"Cpu": "2048"}}, kept)
    assert sent == {"InstanceConfiguration": {"Cpu": "2048", "Gpu": "1"}}
