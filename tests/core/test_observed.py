"""What the observed state says of itself: what an earlier run left, what a plan stands on, and what has changed."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from deployer.core.hold import Hold
from deployer.core.observed import Observed, ObservedLock, ObservedParameter, ObservedService, moved
from deployer.core.release import RELEASE_VARIABLE, RecordedRelease
from deployer.core.service import ServiceSpec
from deployer.core.target import ServiceStatus
from tests.core.test_release import SETTINGS, release

WHEN = "2026-11-01T09:00:00+00:00"


def lock(*, over: bool) -> ObservedLock:
    return ObservedLock("1", "amir", "laptop", WHEN, WHEN, "abc", "reconcile", over)


def service(status: ServiceStatus, runs: str = "abc") -> ObservedService:
    return ObservedService("arn", "url", status, ServiceSpec("image", SETTINGS, {RELEASE_VARIABLE: runs}, {}))


@pytest.mark.parametrize(
    ("left", "status", "unsettled"),
    [
        (None, None, False),
        (None, ServiceStatus.RUNNING, False),
        (None, ServiceStatus.PAUSED, False),
        (None, ServiceStatus.BUSY, True),
        (lock(over=False), None, False),
        (lock(over=False), ServiceStatus.RUNNING, False),
        (lock(over=False), ServiceStatus.BUSY, True),
        (lock(over=True), None, True),
        (lock(over=True), ServiceStatus.RUNNING, True),
    ],
)
def test_a_busy_service_or_a_lock_left_behind_has_to_be_settled_first(
    empty: Observed, left: ObservedLock | None, status: ServiceStatus | None, unsettled: bool
) -> None:
    observed = replace(empty, lock=left, service=service(status) if status else None)

    assert observed.unsettled is unsettled


@pytest.mark.parametrize("newest", [None, 7])
def test_a_live_release_that_was_not_recorded_counts_as_the_next_one(empty: Observed, newest: int | None) -> None:
    intended = release(id="abc", when=WHEN)
    before = () if newest is None else (RecordedRelease(3, release(id="a")), RecordedRelease(newest, release(id="b")))
    observed = replace(empty, releases=before, intended=intended, service=service(ServiceStatus.RUNNING))

    found = observed.with_unrecorded()

    assert found.pending == intended
    assert found.releases == (*before, RecordedRelease(1 if newest is None else 8, intended, 1793523600.0))


def test_nothing_is_recorded_later_unless_the_service_runs_it(empty: Observed) -> None:
    intended = release(id="abc", when=WHEN)
    observed = replace(empty, intended=intended, service=service(ServiceStatus.RUNNING))

    for other in (
        replace(observed, service=None),
        replace(observed, intended=None),
        replace(observed, service=service(ServiceStatus.BUSY)),
        replace(observed, service=service(ServiceStatus.RUNNING, runs="other")),
        replace(observed, releases=(RecordedRelease(1, intended),)),
    ):
        assert other.with_unrecorded() is other


def test_what_a_plan_stands_on_names_older_versions_and_the_hold(empty: Observed) -> None:
    hold = Hold("0f", "manual", "amir", WHEN, "")
    observed = replace(
        empty, restorable={"/p/key": "same"}, hold=hold, parameters={"/p/a": ObservedParameter(True, 3, None)}
    )

    named = observed.named()

    assert named["older version of /p/key"] == "same"
    assert named["hold"] == "manual 0f"
    assert named["parameter /p/a"] == "SecureString v3"
    assert named.keys() == {"account", "region", "scaling", "older version of /p/key", "hold", "parameter /p/a"}


def test_what_moved_is_named_with_both_sides() -> None:
    assert moved({"a": "1", "b": "2", "c": "3"}, {"a": "1", "c": "4", "d": "5"}) == [
        "b: 2 -> nothing",
        "c: 3 -> 4",
        "d: nothing -> 5",
    ]
