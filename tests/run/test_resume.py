"""Which operation deployed a release that an earlier run started."""

from __future__ import annotations

from datetime import datetime

import pytest
from msgspec.structs import replace

from deployer.run.resume import CLOCKS_APART, failed_because, has_deployed
from deployer.targets.base import Operation, Progress
from tests.core.test_release import release

WRITTEN = release(when="2026-11-01T09:00:00+00:00")
AT = datetime.fromisoformat(WRITTEN.when).timestamp()
DONE = Operation("id", "UPDATE_SERVICE", Progress.SUCCEEDED, AT + 2, deploys=True, ended=AT + 63.2)


def test_the_operation_that_followed_the_intention_deployed_it() -> None:
    assert has_deployed(DONE, WRITTEN)
    assert DONE.seconds == 62


@pytest.mark.parametrize(
    "other",
    [
        None,
        replace(DONE, deploys=False),
        replace(DONE, progress=Progress.RUNNING),
        replace(DONE, progress=Progress.ROLLED_BACK),
        replace(DONE, started=AT - CLOCKS_APART - 1),
    ],
)
def test_any_other_operation_did_not(other: Operation | None) -> None:
    assert not has_deployed(other, WRITTEN)


def test_without_the_intention_nothing_is_known() -> None:
    assert not has_deployed(DONE, None)


@pytest.mark.parametrize("unknown", [replace(DONE, ended=0.0), replace(DONE, started=0.0), replace(DONE, ended=AT)])
def test_a_duration_that_is_not_known_is_zero(unknown: Operation) -> None:
    assert unknown.seconds == 0


@pytest.mark.parametrize(
    ("reason", "why"),
    [("", "the deployment failed"), ("Health check failed.", "the deployment failed: Health check failed.")],
)
def test_the_ledger_keeps_the_cause_that_the_platform_names(reason: str, why: str) -> None:
    assert failed_because(reason) == why
