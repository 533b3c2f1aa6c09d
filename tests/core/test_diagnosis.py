"""The doctor's judgements, by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployer.core.diagnosis import account, caller, clock, redirections, region, versions

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HEADER = "Tue, 24 Nov 2026 12:00:00 GMT"
LOCK = "boto3==1.44.5 \\\n    --hash=sha256:0\nbotocore==1.44.5 ; python_version > '3'\n"


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "ok"), (300, "ok"), (-300, "ok"), (301, "problem"), (-301, "problem"), (86400, "problem")],
)
def test_a_clock_may_be_off_by_five_minutes(seconds: int, state: str) -> None:
    found = clock(HEADER, NOON + timedelta(seconds=seconds))
    assert found.state == state
    assert state == "ok" or ("ahead of" if seconds > 0 else "behind") in found.says


@pytest.mark.parametrize("header", ["", "yesterday", "Tue, 24 Nov"])
def test_a_date_that_nobody_can_read_proves_nothing(header: str) -> None:
    assert clock(header, NOON).state == "unseen"


def test_a_date_without_a_zone_is_taken_as_gmt() -> None:
    assert clock("Tue, 24 Nov 2026 12:00:00 -0000", NOON).state == "ok"


def test_an_account_is_the_manifests_or_not() -> None:
    assert account("1", "1", "me").state == "ok"
    assert account("2", "1", "me").state == "problem"


def test_versions_are_those_of_the_lock() -> None:
    assert versions(LOCK, {"boto3": "1.44.5", "botocore": "1.44.5"}).state == "ok"
    found = versions(LOCK, {"boto3": "1.44.5", "botocore": "1.40.0"})
    assert (found.state, found.says) == ("problem", "botocore 1.40.0, locked 1.44.5")
    assert "boto3 is missing" in versions(LOCK, {"boto3": None, "botocore": "1.44.5"}).says


def test_only_variables_of_an_endpoint_lead_away() -> None:
    calm = {"AWS_REGION": "x", "AWS_ENDPOINT_URL": ""}
    assert redirections(calm, local=False).state == "ok"
    led = {**calm, "AWS_ENDPOINT_URL_SSM": "http://s3ntinel"}
    assert redirections(led, local=True).state == "note"
    found = redirections(led, local=False)
    assert (found.state, "s3ntinel" in str(found)) == ("problem", False)
    assert found.fix.startswith("unset AWS_ENDPOINT_URL_SSM,")


def test_a_region_is_offered_or_others_are_named() -> None:
    assert region("us-west-2", ["us-west-2"], "App Runner").state == "ok"
    assert "us-east-1, us-west-2" in region("eu-north-1", ["us-west-2", "us-east-1"], "App Runner").fix


@pytest.mark.parametrize(
    ("arn", "found"),
    [
        ("arn:aws:sts::123456789012:assumed-role/Deploy/me@example.org", ("role", "Deploy")),
        ("arn:aws-cn:sts::123456789012:assumed-role/Deploy/me", ("role", "Deploy")),
        ("arn:aws:iam::123456789012:user/team/me", ("user", "arn:aws:iam::123456789012:user/team/me")),
        ("arn:aws:iam::123456789012:root", ("root", "arn:aws:iam::123456789012:root")),
        ("arn:aws:sts::123456789012:user/moto", ("user", "")),
        ("arn:aws:sts::123456789012:federated-user/me", ("", "")),
        ("nonsense", ("", "")),
    ],
)
def test_who_calls_is_read_from_the_arn(arn: str, found: tuple[str, str]) -> None:
    assert caller(arn) == found
