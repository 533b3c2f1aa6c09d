"""The record of releases: one SSM parameter whose versions are the releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws.errors import only
from deployer.core.release import RecordedRelease, Release
from deployer.errors import Blocked

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


def read(ssm: SSMClient, ledger: str) -> tuple[RecordedRelease, ...]:
    """Every recorded release, oldest first; empty when there is no ledger."""
    found: list[RecordedRelease] = []
    try:
        for page in ssm.get_paginator("get_parameter_history").paginate(Name=f"{ledger}/release"):
            found += [
                RecordedRelease(
                    entry["Version"], Release.from_text(entry["Value"]), entry["LastModifiedDate"].timestamp()
                )
                for entry in page["Parameters"]
            ]
    except ClientError as error:
        only(error, "ParameterNotFound")
        return ()
    except ValueError as error:
        raise Blocked(
            f"the ledger {ledger}/release holds something that is not a release; nothing was changed",
            why=str(error),
            fix="look at its history in Parameter Store; deleting the parameter starts a new ledger",
        ) from None
    return tuple(sorted(found, key=lambda entry: entry.number))


def record(ssm: SSMClient, ledger: str, release: Release) -> int:
    """Append a release and return its number. That it fits was checked when it was planned."""
    return ssm.put_parameter(
        Name=f"{ledger}/release",
        Value=release.to_text(),
        Type="String",
        Tier="Standard",
        Overwrite=True,
        Description="releases",
    )["Version"]
