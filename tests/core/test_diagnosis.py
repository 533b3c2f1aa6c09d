"""The doctor's judgements, by example."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from deployer.core.diagnosis import caller, clock, endpoint, packages
from deployer.core.machine_finding import Endpoint

NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
HEADER = "Tue, 24 Nov 2026 12:00:00 GMT"
LOCK = "boto3==1.44.5 \\\n    --hash=sha256:0\nbotocore==1.44.5 ; python_version > '3'\n"


@pytest.mark.parametrize(
    ("seconds", "state"),
    [(0, "ok"), (300, "ok"), (-300, "ok"), (301, "problem"), (-301, "problem"), (86400, "problem")],
)
def test_a_clock_may_be_off_by_five_minutes(seconds: int, state: str) -> None:
    found = clock(HEADER, NOON + timedelta(seconds=seconds))
    assert (found.ahead, found.state) == (seconds, state)


@pytest.mark.parametrize("header", ["", "yesterday", "Tue, 24 Nov"])
def test_a_date_that_nobody_can_read_proves_nothing(header: str) -> None:
    assert clock(header, NOON).state == "unseen"


def test_a_date_without_a_zone_is_taken_as_gmt() -> None:
    assert clock("Tue, 24 Nov 2026 12:00:00 -0000", NOON).state == "ok"


def test_versions_are_those_of_the_lock() -> None:
    assert packages("x.lock", LOCK, {"boto3": "1.44.5", "botocore": "1.44.5"}).state == "ok"
    found = packages("x.lock", LOCK, {"boto3": "1.44.5", "botocore": "1.40.0", "other": "1"})
    assert (found.state, found.differing) == ("problem", {"botocore": "1.44.5"})
    assert packages("x.lock", LOCK, {"boto3": None}).differing == {"boto3": "1.44.5"}
    assert packages("x.lock", None, {"boto3": "1.44.5"}).state == "unseen"


def test_only_variables_of_an_endpoint_lead_away() -> None:
    calm = {"AWS_REGION": "x", "AWS_ENDPOINT_URL": ""}
    assert endpoint(calm, local=False).state == "ok"
    led = {**calm, "AWS_ENDPOINT_URL_SSM": "http://s3ntinel"}
    assert endpoint(led, local=True).state == "note"
    assert endpoint(led, local=False) == Endpoint(variables=("AWS_ENDPOINT_URL_SSM",), local=False)
    assert endpoint(led, local=False).state == "problem"


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
