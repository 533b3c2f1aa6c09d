"""Why a deployment of ECS failed: the most exact text that AWS gives, in one line."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer import secrecy
from deployer.targets.ecs_express.diagnosis import failure_reason

BREAKER = {"status": "TRIGGERED", "failureCount": 3, "threshold": 3}
PULL = (
    "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
    "unable to retrieve secrets from ssm: invalid ssm parameters: /x"
)
SHORT = "ResourceInitializationError: unable to retrieve secrets from ssm: invalid ssm parameters: /x"
TASK = {"stopCode": "TaskFailedToStart", "stoppedReason": PULL, "containers": [{"name": "Main"}]}
CRASHED = {"stoppedReason": "Essential container in task exited", "containers": [{"name": "Main", "exitCode": 3}]}
KILLED = {
    "stoppedReason": "Essential container in task exited",
    "containers": [{"exitCode": 137, "reason": "OutOfMemoryError: Container killed due to memory usage"}],
}
SCALED = {"stopCode": "ServiceSchedulerInitiated", "stoppedReason": "Scaling activity initiated by deployment"}
EVENT = "(service demo) was unable to place a task. Reason: no capacity."
THRESHOLD = "Service deployment rolled back because the circuit breaker threshold was exceeded."


@pytest.mark.parametrize(
    ("deployment", "lines", "tasks", "expected"),
    [
        (
            {"rollback": {"reason": "No rollback candidate was found."}},
            [EVENT],
            [TASK],
            "No rollback candidate was found",
        ),
        (
            {"alarms": {"status": "TRIGGERED", "triggeredAlarmNames": ["default/demo/RollbackAlarm"]}},
            [EVENT],
            [TASK],
            "the alarm default/demo/RollbackAlarm went off: too many answers were 4xx or 5xx",
        ),
        (
            {"deploymentCircuitBreaker": BREAKER, "alarms": {"status": "MONITORING"}},
            [EVENT],
            [TASK],
            f"3 tasks failed to start, and the circuit breaker opened: a task stopped: {SHORT}",
        ),
        (
            {"statusReason": THRESHOLD},
            [],
            [CRASHED],
            f"{THRESHOLD[:-1]}: a task stopped: its container exited with code 3",
        ),
        ({"statusReason": THRESHOLD}, [], [], THRESHOLD[:-1]),
        ({"rollback": {}}, ["(service demo) has started 1 tasks.", EVENT, "steady"], [TASK], EVENT[:-1]),
        ({}, [], [SCALED, KILLED], "a task stopped: OutOfMemoryError: Container killed due to memory usage"),
        ({}, [], [SCALED], ""),
        ({}, [], [], ""),
    ],
)
def test_the_most_exact_cause_is_named(
    deployment: dict[str, Any], lines: list[str], tasks: list[Any], expected: str
) -> None:
    shown = failure_reason(deployment, lines, tasks)
    assert shown == expected


@given(st.text(max_size=80))
def test_a_text_of_aws_is_one_line_without_what_a_terminal_obeys(text: str) -> None:
    shown = failure_reason({"rollback": {"reason": text}}, [], [])
    assert shown.isprintable()


def test_a_known_secret_is_not_repeated() -> None:
    secrecy.remember("s3ntinel-of-the-test")
    try:
        shown = failure_reason({}, [], [{"containers": [{"reason": "bad token s3ntinel-of-the-test"}]}])
    finally:
        secrecy.forget()
    assert shown == "a task stopped: bad token <secret>"
