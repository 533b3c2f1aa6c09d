"""Resolve RuntimeEnvironmentSecrets to values, once per deployment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployer.local.apprunner.errors import Problem

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

    from deployer.local.roles import Role

BATCH = 10  # GetParameters takes no more names
PARAMETER_ARN = re.compile(r"arn:aws:ssm:(?P<region>[^:]*):(?P<account>[^:]*):parameter/(?P<name>.+)")


def resolve(
    ssm: SSMClient, references: Mapping[str, str], role: Role | None, *, account: str, region: str
) -> dict[str, str]:
    """Read the references with the instance role. Returns the value of each variable.

    Raises Problem with every parameter that is missing, denied or of a kind that is not emulated.
    """
    if not references:
        return {}
    if role is None:
        raise Problem("RuntimeEnvironmentSecrets need an instance role, and the service has none.")
    names = {variable: _parameter(value, account, region) for variable, value in references.items()}
    denied = sorted(
        name
        for name in set(names.values())
        if not role.may("ssm:GetParameters", f"arn:aws:ssm:{region}:{account}:parameter/{name.removeprefix('/')}")
    )
    if denied:
        raise Problem(f"The instance role {role.arn} is not allowed ssm:GetParameters on {', '.join(denied)}.")
    values = _read(ssm, sorted(set(names.values())))
    absent = sorted({name for name in names.values() if name not in values})
    # `parameter/x` is the ARN of both `x` and `/x`.
    values |= {other.removeprefix("/"): value for other, value in _read(ssm, _rooted(absent)).items()}
    missing = sorted({name for name in names.values() if name not in values})
    if missing:
        raise Problem(f"These parameters do not exist in {region}: {', '.join(missing)}.")
    return {variable: values[name] for variable, name in names.items()}


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
