"""Where each secret stands: missing, readable, waiting for a deployment, or in the containers."""

from __future__ import annotations

import pytest

from deployer.core.observed import ObservedParameter
from deployer.core.release import RecordedRelease
from deployer.core.secret_state import SecretState, SecretStatus, secret_states
from tests.core.test_release import release

PATH = "/app-runtime/demo/staging/app-secret"
BY = "arn:aws:iam::123456789012:user/amir"
SECURE = ObservedParameter(True, 2, None, changed=100.0, changed_by=BY)


def entry(number: int, at: float, *, outcome: str = "healthy", **versions: int) -> RecordedRelease:
    return RecordedRelease(number, release(outcome=outcome, versions=versions), at)


def state(found: ObservedParameter | None, *releases: RecordedRelease) -> SecretState:
    [one] = secret_states({"app-secret": PATH}, {PATH: found} if found else {}, releases)
    return one


@pytest.mark.parametrize(
    ("releases", "running", "expected"),
    [
        ((), None, SecretStatus.UNDEPLOYED),
        ((entry(1, 200.0, outcome="failed", APP_SECRET=2),), None, SecretStatus.UNDEPLOYED),
        ((entry(1, 200.0, LEVEL=2),), None, SecretStatus.UNDEPLOYED),
        ((entry(1, 200.0, APP_SECRET=2),), 2, SecretStatus.RUNNING),
        ((entry(1, 100.0, APP_SECRET=2),), 2, SecretStatus.RUNNING),
        ((entry(1, 99.0, APP_SECRET=2),), 2, SecretStatus.STAGED),
        ((entry(1, 200.0, APP_SECRET=1),), 1, SecretStatus.STAGED),
        ((entry(1, 200.0, APP_SECRET=2), entry(2, 300.0, APP_SECRET=1)), 1, SecretStatus.STAGED),
        ((entry(1, 200.0, APP_SECRET=2), entry(2, 300.0, outcome="failed", APP_SECRET=1)), 2, SecretStatus.RUNNING),
    ],
    ids=[
        "no release",
        "only a failed release",
        "a release without it",
        "the same version",
        "written as the release was recorded",
        "recreated with the same version",
        "an older version",
        "the newest release counts",
        "a failed release counts for nothing",
    ],
)
def test_the_state_of_a_secret(
    releases: tuple[RecordedRelease, ...], running: int | None, expected: SecretStatus
) -> None:
    assert state(SECURE, *releases) == SecretState("app-secret", 2, running, 100.0, BY, expected)


def test_a_secret_without_a_parameter_is_missing_though_containers_may_hold_it() -> None:
    assert state(None) == SecretState("app-secret", None, None, 0.0, "", SecretStatus.MISSING)
    assert state(None, entry(1, 200.0, APP_SECRET=2)) == SecretState(
        "app-secret", None, 2, 0.0, "", SecretStatus.MISSING
    )


def test_a_plain_string_is_named_as_such() -> None:
    plain = ObservedParameter(False, 2, "x", changed=100.0, changed_by=BY)

    assert state(plain).status == SecretStatus.READABLE
    assert state(plain, entry(1, 200.0, APP_SECRET=2)).status == SecretStatus.READABLE


def test_each_secret_is_looked_up_by_its_own_path() -> None:
    other = PATH.replace("app-secret", "token")
    found = secret_states({"app-secret": PATH, "token": other}, {other: SECURE}, ())

    assert [(one.name, one.status) for one in found] == [
        ("app-secret", SecretStatus.MISSING),
        ("token", SecretStatus.UNDEPLOYED),
    ]
