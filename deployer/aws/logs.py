"""CloudWatch Logs: the lines of a log group since a moment. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient


def since(logs: CloudWatchLogsClient, group: str, start: int, *, prefix: str = "", limit: int = 200) -> list[str]:
    """Up to `limit` lines of the group's streams, oldest first, from `start` (ms since 1970) on."""
    lines: list[tuple[int, str]] = []
    streams: dict[str, Any] = {"logStreamNamePrefix": prefix} if prefix else {}
    try:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start, **streams)
        for page in pages:
            lines += [(event["timestamp"], event["message"]) for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [message for _, message in sorted(lines, key=lambda line: line[0])][-limit:]
