"""The calls about the environment's parameters. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired
from deployer.core.release import replaced_path
from deployer.core.target import Call


def reads(desired: Desired) -> Iterator[Call]:
    """The calls of every plan."""
    for parameter in desired.parameters:
        yield "ssm:GetParameters", {"Names": parameter.path}
    yield "ssm:DescribeParameters", {}


def writes(desired: Desired) -> Iterator[Call]:
    """The calls of a reconcile. A parameter whose type has to change is deleted: an overwrite does not change it."""
    for parameter in desired.parameters:
        yield "ssm:PutParameter", {"Name": parameter.path, "Tags": []}
        yield "ssm:DeleteParameter", {"Name": parameter.path}
    yield replaced(desired)


def replaced(desired: Desired) -> Call:
    """The call that copies the last value of a parameter that is recreated with another type."""
    return "ssm:PutParameter", {"Name": replaced_path(desired.ledger, "*"), "Tags": []}
