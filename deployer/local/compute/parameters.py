"""Read the SSM parameters that a container's secret variables refer to."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from deployer.local.compute.problem import Problem

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

    from deployer.local.roles import Role

BATCH = 10  # GetParameters takes no more names
PARAMETER_ARN = re.compile(r"arn:aws:ssm:(?P<region>[^:]*):(?P<account>[^:]*):parameter/(?P<name>.+)")


class DeniedParameters(Problem):
    """The role does not allow ssm:GetParameters on these names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"The role is not allowed ssm:GetParameters on {', '.join(names)}.")
        self.names = tuple(names)


class MissingParameters(Problem):
    """No parameter has these names."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(f"These parameters do not exist: {', '.join(names)}.")
        self.names = tuple(names)


def read_parameters(
    ssm: SSMClient, references: Mapping[str, str], role: Role, *, account: str, region: str
) -> dict[str, str]:
    """Read the references, each a name or an ARN, with a role. Returns the value of each variable.

    Raises DeniedParameters, MissingParameters, or Problem for a reference of a kind that is not emulated.
    """
    names = {variable: _parameter(value, account, region) for variable, value in references.items()}
    denied = sorted(
        name for name in set(names.values()) if not role.may("ssm:GetParameters", parameter_arn(name, account, region))
    )
    if denied:
        raise DeniedParameters(denied)
    values = _read(ssm, sorted(set(names.values())))
    absent = sorted({name for name in names.values() if name not in values})
    # `parameter/x` is the ARN of both `x` and `/x`.
    values |= {other.removeprefix("/"): value for other, value in _read(ssm, _rooted(absent)).items()}
    missing = sorted({name for name in names.values() if name not in values})
    if missing:
        raise MissingParameters(missing)
    return {variable: values[name] for variable, name in names.items()}


def parameter_arn(name: str, account: str, region: str) -> str:
    return f"arn:aws:ssm:{region}:{account}:parameter/{name.removeprefix('/')}"


def _rooted(names: list[str]) -> list[str]:
    return [f"/{name}" for name in names if "/" not in name]


def _read(ssm: SSMClient, names: list[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for start in range(0, len(names), BATCH):
        answer = ssm.get_parameters(Names=names[start : start + BATCH], WithDecryption=True)
        values |= {parameter["Name"]: parameter["Value"] for parameter in answer["Parameters"]}
    return values


def _parameter(reference: str, account: str, region: str) -> str:
    """Return the name of a parameter given by name or ARN. A name with a slash inside always starts with a slash."""
    if not reference.startswith("arn:"):
        return reference
    if reference.startswith("arn:aws:secretsmanager:"):
        raise Problem(f"Secrets Manager is not emulated here: {reference} cannot be read.")
    match = PARAMETER_ARN.fullmatch(reference)
    if match is None:
        raise Problem(f"{reference} is not the ARN of an SSM parameter.")
    if match["account"] != account or match["region"] != region:
        raise Problem(f"{reference} belongs to another account or region than this service.")
    return f"/{match['name']}" if "/" in match["name"] else match["name"]
