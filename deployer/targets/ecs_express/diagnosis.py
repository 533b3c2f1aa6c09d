"""Why a deployment of ECS failed, in one sentence. Pure.

AWS names causes in several places, which are read in the order of how exact they are: ECS developer guide, "Viewing
service history" and "Amazon ECS stopped tasks error messages".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from deployer.core.readiness import plain
from deployer.secrecy import without_secrets

TRIGGERED: Final = "TRIGGERED"
_USUAL: Final = frozenset({"Scaling activity initiated by deployment", "EssentialContainerExited"})
_EXIT: Final = "Essential container in task exited"
# What AWS puts before the cause, which is at the end: a reason is cut where it is too long.
_AROUND: Final = re.compile(
    r"unable to pull secrets or registry auth: |execution resource retrieval failed: "
    r"|service call has been retried [0-9]+ time\(s\): "
)


def failure_reason(deployment: Mapping[str, Any], lines: Sequence[str], stopped: Iterable[Mapping[str, Any]]) -> str:
    """The cause, on one short line; "" when none is named.

    `deployment` is as DescribeServiceDeployments shows it, `lines` are the events of the service, oldest first, and
    `stopped` the stopped tasks, newest first. A cause that only counts failures is followed by that of a stopped task.
    """
    named, task = _named(deployment), next(_of_tasks(stopped), "")
    if named is None:
        return _safe(next(_of_events(lines), "") or task)
    cause, counts = named
    return _safe(f"{cause}: {task}" if counts and task else cause)


def _named(deployment: Mapping[str, Any]) -> tuple[str, bool] | None:
    """The cause that the deployment names, and whether it only counts failures."""
    breaker = deployment.get("deploymentCircuitBreaker") or {}
    tripped = breaker.get("status") == TRIGGERED
    if reason := (deployment.get("rollback") or {}).get("reason"):
        return _sentence(reason), tripped or "circuit breaker" in reason
    alarms = deployment.get("alarms") or {}
    if alarms.get("status") == TRIGGERED:
        names = ", ".join(alarms.get("triggeredAlarmNames") or alarms.get("alarmNames") or ("one that ECS manages",))
        return f"the alarm {names} went off: too many answers were 4xx or 5xx", False
    if tripped:
        failures = breaker.get("failureCount", 0)
        return (
            f"{failures} {'task' if failures == 1 else 'tasks'} failed to start, and the circuit breaker opened",
            True,
        )
    if reason := deployment.get("statusReason"):
        return _sentence(reason), "circuit breaker" in reason
    return None


def _of_events(lines: Sequence[str]) -> Iterator[str]:
    """The newest event that names a failure."""
    for line in reversed(lines):
        if any(word in line for word in ("unable to", "failed", "Reason:")):
            yield _sentence(line)


def _of_tasks(stopped: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """The cause of each stopped task that has one: what its containers report, or why ECS stopped it."""
    for task in stopped:
        why = str(task.get("stoppedReason") or "")
        if task.get("stopCode") in {"UserInitiated", "ServiceSchedulerInitiated"} and why in _USUAL:
            continue
        containers = [one for one in task.get("containers") or () if one.get("reason") or one.get("exitCode")]
        for container in containers:
            if reason := container.get("reason"):
                yield f"a task stopped: {_sentence(reason)}"
            elif _EXIT in why or not why:
                yield f"a task stopped: its container exited with code {container['exitCode']}"
        if why and _EXIT not in why:
            yield f"a task stopped: {_sentence(why)}"


def _sentence(text: str) -> str:
    """A text of AWS as part of a sentence, without what it puts around the cause."""
    return _AROUND.sub("", str(text)).strip().rstrip(".")


def _safe(text: str) -> str:
    """The text on one line, without secrets that this process knows and without what looks like one."""
    return plain(without_secrets(text)) if text else ""
