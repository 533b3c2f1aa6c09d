"""The ledger of releases: one SSM parameter whose versions are the releases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botocore.exceptions import ClientError

from deployer.aws.errors import only
from deployer.core.release import LEDGER_ROOT, RecordedRelease, RecordedTargets, Release
from deployer.errors import Blocked

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

_INTENDED: Final = "/intended"


def read(ssm: SSMClient, ledger: str, targets: RecordedTargets) -> tuple[RecordedRelease, ...]:
    """Every recorded release, oldest first; empty when there is no ledger. Raises NewerFormat."""
    versions: list[tuple[int, str, float]] = []
    try:
        for page in ssm.get_paginator("get_parameter_history").paginate(Name=f"{ledger}/release"):
            versions += [
                (entry["Version"], entry["Value"], entry["LastModifiedDate"].timestamp())
                for entry in page["Parameters"]
            ]
    except ClientError as error:
        only(error, "ParameterNotFound")
        return ()
    return _readable(_once(sorted(versions)), f"{ledger}/release", targets)


def _once(entries: list[tuple[int, str, float]]) -> list[tuple[int, str, float]]:
    """A record whose answer was lost is written again, word for word: only the first counts."""
    return [
        entry for before, entry in zip([None, *entries], entries, strict=False) if not before or before[1] != entry[1]
    ]


def _readable(
    entries: list[tuple[int, str, float]], name: str, targets: RecordedTargets
) -> tuple[RecordedRelease, ...]:
    """The readable releases. Raises Blocked when the newest, which describes the present state, cannot be read."""
    releases: list[RecordedRelease] = []
    for number, text, at in entries:
        try:
            release = Release.from_text(text, targets, f"release {number}")
            releases.append(RecordedRelease(number, release, at))
        except ValueError as error:
            if number == entries[-1][0]:
                good = f"that of version {releases[-1].number}" if releases else "a release's"
                raise Blocked(
                    f"version {number} of the ledger {name} is not a release; nothing was changed",
                    why=str(error),
                    fix=f"put {good} back as its value: aws ssm get-parameter-history --name {name}",
                ) from None
    return tuple(releases)


def intention(ledger: str) -> str:
    """The name of the parameter that holds the next release before it is deployed."""
    return f"{ledger}{_INTENDED}"


def is_intention(resource: str) -> bool:
    """Whether the ARN is that of such a parameter."""
    return f":parameter{LEDGER_ROOT}/" in resource and resource.endswith(_INTENDED)


def intend(ssm: SSMClient, ledger: str, release: Release) -> None:
    """Write down the whole release that is about to be deployed, so that it can be recorded even if this run dies."""
    ssm.put_parameter(
        Name=intention(ledger),
        Value=release.to_text(),
        Type="String",
        Tier="Standard",
        Overwrite=True,
        Description="the release that was deployed last",
    )


def intended(text: str, targets: RecordedTargets) -> Release | None:
    """The release that was about to be deployed; None for text that is not a record. Raises NewerFormat."""
    try:
        return Release.from_text(text, targets, "the release that was deployed last")
    except ValueError:
        return None


def record(ssm: SSMClient, ledger: str, release: Release) -> int:
    """Append a release and return its number. The plan has already checked that it fits, without its cause."""
    name, text = f"{ledger}/release", release.fitted().to_text()
    answer = ssm.put_parameter(
        Name=name, Value=text, Type="String", Tier="Standard", Overwrite=True, Description="releases"
    )
    number = answer["Version"]
    while number > 1 and _holds(ssm, f"{name}:{number - 1}", text):
        number -= 1
    return number


def _holds(ssm: SSMClient, version: str, text: str) -> bool:
    try:
        return ssm.get_parameter(Name=version)["Parameter"]["Value"] == text
    except ClientError as error:
        only(error, "ParameterNotFound", "ParameterVersionNotFound")
        return False
