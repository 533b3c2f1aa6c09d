"""Call Parameter Store: read parameters, write one, tag it, delete it. Decides nothing."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from msgspec.structs import replace

from deployer.aws.errors import only
from deployer.core.observed import ObservedParameter
from deployer.core.person import LOCAL_USER, is_local_caller
from deployer.core.secret import SecretValue
from deployer.errors import Refused

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient
    from types_boto3_ssm.literals import ParameterTierType, ParameterTypeType
    from types_boto3_ssm.type_defs import ParameterStringFilterTypeDef, ParameterTypeDef, TagTypeDef

PLAIN: ParameterTypeType = "String"
SECURE: ParameterTypeType = "SecureString"
LIST: ParameterTypeType = "StringList"
MANAGED_BY: TagTypeDef = {"Key": "managed-by", "Value": "deployer"}
NAMES_PER_CALL = 10  # GetParameters (AWS Systems Manager API reference)
DESCRIPTION_CHARACTERS = 1024
DESCRIBED_PER_CALL = 50  # DescribeParameters


def batches(names: Sequence[str]) -> Iterator[Sequence[str]]:
    """The names in groups that one GetParameters call accepts."""
    return (names[start : start + NAMES_PER_CALL] for start in range(0, len(names), NAMES_PER_CALL))


def read(ssm: SSMClient, names: Sequence[str]) -> dict[str, ObservedParameter]:
    """Those of up to ten parameters that exist, by name. Secrets are not decrypted and their value is dropped."""
    observed: dict[str, ObservedParameter] = {}
    for parameter in _named(ssm, names, decrypt=False):
        kind, text = parameter["Type"], parameter["Value"]
        value, listed = text if kind == PLAIN else None, text if kind == LIST else None
        observed[parameter["Name"]] = ObservedParameter(kind == SECURE, parameter["Version"], value, listed=listed)
    return observed


def describe(ssm: SSMClient, path: str) -> dict[str, ObservedParameter]:
    """Every parameter below `path` with what is known about it except its value.

    A page may be empty and still have a successor, so only the token ends the loop.
    """
    return {
        parameter["Name"]: ObservedParameter(
            secure=parameter["Type"] == SECURE,
            version=parameter["Version"],
            value=None,
            description=parameter.get("Description", ""),
            tier=parameter.get("Tier", "Standard"),
            changed_by=_author(parameter.get("LastModifiedUser", "")),
            changed=parameter["LastModifiedDate"].timestamp(),
            data_type=parameter.get("DataType", "text"),
        )
        for parameter in _described(ssm, path)
    }


def _author(arn: str) -> str:
    """Who wrote it, without the name that the local world's AWS gives to every caller."""
    return LOCAL_USER if is_local_caller(arn) else arn


def ours(ssm: SSMClient, path: str) -> set[str]:
    """The names below `path` that SSM lists with the deployer's tag.

    Before a deletion, `carries_tag` reads the tags themselves.
    """
    tagged: ParameterStringFilterTypeDef = {"Key": f"tag:{MANAGED_BY['Key']}", "Values": [MANAGED_BY["Value"]]}
    return {parameter["Name"] for parameter in _described(ssm, path, tagged)}


def carries_tag(ssm: SSMClient, path: str) -> bool | None:
    """Whether the parameter has the deployer's tag; None when there is no such parameter."""
    try:
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=path).get("TagList", [])
    except ClientError as error:
        only(error, "InvalidResourceId")
        return None
    return MANAGED_BY in tags


def together(
    described: dict[str, ObservedParameter], values: dict[str, ObservedParameter], tagged: set[str]
) -> dict[str, ObservedParameter]:
    """Merge both reads of each parameter. Existence, type and version come from the read by name."""
    named = {
        name: replace(
            described.get(name, parameter),
            secure=parameter.secure,
            version=parameter.version,
            value=parameter.value,
            listed=parameter.listed,
        )
        for name, parameter in values.items()
    }
    return {name: replace(parameter, ours=name in tagged) for name, parameter in {**described, **named}.items()}


def _described(ssm: SSMClient, path: str, *filters: ParameterStringFilterTypeDef) -> Iterator[Any]:
    below: ParameterStringFilterTypeDef = {"Key": "Path", "Option": "Recursive", "Values": [path]}
    pages = ssm.get_paginator("describe_parameters").paginate(
        ParameterFilters=[below, *filters], PaginationConfig={"PageSize": DESCRIBED_PER_CALL}
    )
    for page in pages:
        yield from (parameter for parameter in page["Parameters"] if parameter["Name"].startswith(f"{path}/"))


def reveal(ssm: SSMClient, names: Sequence[str], *, only_secure: bool = False) -> dict[str, SecretValue]:
    """The decrypted values of those of up to ten parameters that exist, by name; or of SecureStrings only."""
    answered = _named(ssm, names, decrypt=True)
    return {p["Name"]: SecretValue(p["Value"]) for p in answered if p["Type"] == SECURE or not only_secure}


def _named(ssm: SSMClient, names: Sequence[str], *, decrypt: bool) -> Iterator[ParameterTypeDef]:
    for parameter in ssm.get_parameters(Names=names, WithDecryption=decrypt)["Parameters"]:
        if parameter["Name"] in names:
            yield parameter


def reveal_version(
    ssm: SSMClient, path: str, version: int, *, made_by: float | None = None, secret: bool = True
) -> SecretValue | None:
    """The decrypted value of one version, or None when SSM no longer keeps it: it keeps the newest hundred.

    A version written later than `made_by`, in seconds since 1970, is another one: the parameter was deleted and
    recreated since, and its versions count from one again. `secret` is False for a literal, which may be shown.
    """
    try:
        parameter = ssm.get_parameter(Name=f"{path}:{version}", WithDecryption=True)["Parameter"]
    except ClientError as error:
        only(error, "ParameterNotFound", "ParameterVersionNotFound")
        return None
    if made_by is not None and parameter["LastModifiedDate"].timestamp() > made_by:
        return None
    return SecretValue(parameter["Value"], hide=secret)


def put(
    ssm: SSMClient,
    path: str,
    value: str | SecretValue,
    description: str,
    *,
    create: bool,
    tier: str = "Standard",
) -> int:
    """Write one parameter and return its new version. A SecretValue becomes a SecureString.

    Tags are accepted only when a parameter is created (PutParameter: "tags and overwrite can't be used together"). The
    tier is pinned, so that an account's default cannot make a parameter a paid one.
    """
    text, kind = (value.reveal(), SECURE) if isinstance(value, SecretValue) else (value, PLAIN)
    pinned: ParameterTierType = "Advanced" if tier == "Advanced" else "Standard"
    more: dict[str, Any] = {"Tags": [MANAGED_BY]} if create else {}
    answer = ssm.put_parameter(
        Name=path, Value=text, Description=description, Type=kind, Tier=pinned, Overwrite=not create, **more
    )
    return answer["Version"]


def recreate(
    ssm: SSMClient,
    path: str,
    value: str | SecretValue,
    description: str,
    *,
    kept: str,
    pause: float,
    tier: str = "Standard",
) -> int:
    """Delete a parameter and create it with another type. Returns the new version, which is 1.

    Its last value is written to the SecureString `kept` first, so that a process that dies in between loses nothing.
    Like an overwrite, it adopts a parameter that the deployer did not create.
    """
    for last in reveal(ssm, [path]).values():
        _keep(ssm, kept, last, f"The value of {path} before it was recreated with another type")
    _delete(ssm, path)
    time.sleep(pause)
    return put(ssm, path, value, description, create=True, tier=tier)


def _keep(ssm: SSMClient, path: str, value: SecretValue, description: str) -> None:
    """Write a value to a SecureString with the deployer's tag."""
    written: dict[str, Any] = {
        "Name": path,
        "Value": value.reveal(),
        "Description": description[:DESCRIPTION_CHARACTERS],
        "Type": SECURE,
        "Tier": "Intelligent-Tiering",  # the value of an advanced parameter may need an advanced one
    }
    try:
        ssm.put_parameter(**written, Tags=[MANAGED_BY])
    except ClientError as error:
        only(error, "ParameterAlreadyExists")
        ssm.put_parameter(**written, Overwrite=True)


def holds_only(ssm: SSMClient, path: str, versions: Sequence[int], value: str | SecretValue) -> bool:
    """Whether each of these versions holds exactly this value: a repeated request of this run, and no other write."""
    secret = isinstance(value, SecretValue)
    expected = value if isinstance(value, SecretValue) else SecretValue(value, hide=False)
    return all(reveal_version(ssm, path, version, secret=secret) == expected for version in versions)


def adopt(ssm: SSMClient, path: str) -> None:
    """Put the deployer's tag on a parameter that exists; the version stays."""
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=path, Tags=[MANAGED_BY])


def delete(ssm: SSMClient, path: str) -> None:
    """Delete one parameter with its history. One that is already gone is a success.

    Raises Refused for a parameter without the deployer's tag, which is read immediately before.
    """
    if carries_tag(ssm, path) is False:
        raise Refused(
            f"{path} does not carry the deployer's tag; it was not deleted",
            why="a parameter that the deployer did not create is left alone",
            fix=f"delete it yourself: aws ssm delete-parameter --name {path}",
        )
    _delete(ssm, path)


def _delete(ssm: SSMClient, path: str) -> None:
    try:
        ssm.delete_parameter(Name=path)
    except ClientError as error:
        only(error, "ParameterNotFound")
        return
