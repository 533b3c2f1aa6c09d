"""The record of releases: one SSM parameter whose versions are the releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from deployer.core.facts import RecordedRelease
from deployer.core.release import Release
from deployer.errors import StateUnknown

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

MAXIMUM_BYTES = 4096  # a standard parameter's value (AWS Systems Manager endpoints and quotas)


def read(ssm: SSMClient, ledger: str) -> list[RecordedRelease]:
    """Every recorded release, oldest first; empty when there is no ledger."""
    found: list[RecordedRelease] = []
    try:
        for page in ssm.get_paginator("get_parameter_history").paginate(Name=f"{ledger}/release"):
            found += [RecordedRelease(e["Version"], Release.from_json(e["Value"])) for e in page["Parameters"]]
    except ssm.exceptions.ParameterNotFound:
        return []
    except ValueError as error:
        raise StateUnknown(
            f"the ledger {ledger}/release holds something that is not a release",
            why=str(error),
            fix="look at its history in Parameter Store; deleting the parameter starts a new ledger",
        ) from None
    return found


def record(ssm: SSMClient, ledger: str, release: Release) -> int:
    """Append a release and return its number."""
    text = release.to_json()
    size = len(text.encode())
    if size > MAXIMUM_BYTES:
        raise StateUnknown(
            f"the record of release {release.id} has {size} bytes, and SSM takes {MAXIMUM_BYTES}",
            fix="shorten the manifest's literals, then run again",
        )
    return ssm.put_parameter(
        Name=f"{ledger}/release",
        Value=text,
        Type="String",
        Tier="Standard",
        Overwrite=True,
        Description="releases",
    )["Version"]
