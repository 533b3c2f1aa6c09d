"""Resolve RuntimeEnvironmentSecrets to values, once per deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from deployer.local.compute.parameters import DeniedParameters, MissingParameters, read_parameters
from deployer.local.compute.problem import Problem

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

    from deployer.local.roles import Role


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
    try:
        return read_parameters(ssm, references, role, account=account, region=region)
    except DeniedParameters as denied:
        names = ", ".join(denied.names)
        raise Problem(f"The instance role {role.arn} is not allowed ssm:GetParameters on {names}.") from denied
    except MissingParameters as missing:
        raise Problem(f"These parameters do not exist in {region}: {', '.join(missing.names)}.") from missing
