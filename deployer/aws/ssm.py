"""Parameter Store: read a path, write one parameter, add its tags. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.core.facts import ParameterFact
from deployer.core.secret import SecretValue

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient
    from types_boto3_ssm.literals import ParameterTypeType
    from types_boto3_ssm.type_defs import TagTypeDef

PLAIN: ParameterTypeType = "String"
SECURE: ParameterTypeType = "SecureString"
MANAGED_BY: TagTypeDef = {"Key": "managed-by", "Value": "deployer"}


def read_path(ssm: SSMClient, path: str) -> dict[str, ParameterFact]:
    """Every parameter below `path`, keyed by full name. Secrets are not decrypted and their value is dropped.

    A page may be empty and still have a successor, so only the token ends the loop
    (AWS Systems Manager API reference, GetParametersByPath).
    """
    found: dict[str, ParameterFact] = {}
    for page in ssm.get_paginator("get_parameters_by_path").paginate(Path=path, Recursive=True, WithDecryption=False):
        for parameter in page["Parameters"]:
            secure = parameter["Type"] == SECURE
            found[parameter["Name"]] = ParameterFact(
                secure=secure, version=parameter["Version"], value=None if secure else parameter["Value"]
            )
    return found


def put(ssm: SSMClient, path: str, value: str | SecretValue, description: str, *, create: bool) -> int:
    """Write one parameter and return its new version. A SecretValue becomes a SecureString.

    Tags are only taken together with a creation (PutParameter: "tags and overwrite can't be used together").
    The tier is pinned, so that an account's default cannot make a parameter a paid one.
    """
    text, kind = (value.reveal(), SECURE) if isinstance(value, SecretValue) else (value, PLAIN)
    if create:
        answer = ssm.put_parameter(
            Name=path,
            Value=text,
            Description=description,
            Type=kind,
            Tier="Standard",
            Overwrite=False,
            Tags=[MANAGED_BY],
        )
    else:
        answer = ssm.put_parameter(
            Name=path, Value=text, Description=description, Type=kind, Tier="Standard", Overwrite=True
        )
    return answer["Version"]
