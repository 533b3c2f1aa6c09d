"""Read CloudWatch Logs: the lines of a log group since a moment. Decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botocore.exceptions import ClientError

from deployer.aws.errors import only

if TYPE_CHECKING:
    from types_boto3_logs import CloudWatchLogsClient


STREAMS: Final = 100  # the limit of FilterLogEvents


class Line(NamedTuple):
    """One line of a log. `at` is ms since 1970; `id` is its own."""

    at: int
    id: str
    text: str


def since(logs: CloudWatchLogsClient, group: str, start: int, *, prefix: str = "", limit: int = 200) -> list[Line]:
    """Up to `limit` lines, oldest first, from `start` (ms since 1970) on; of the streams that begin with `prefix`."""
    lines: list[Line] = []
    try:
        streams: dict[str, Any] = {"logStreamNames": _streams(logs, group, prefix)} if prefix else {}
        if prefix and not streams["logStreamNames"]:
            return []
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=start, **streams):
            lines += [Line(event["timestamp"], event["eventId"], event["message"]) for event in page["events"]]
    except ClientError as error:
        only(error, "ResourceNotFoundException")
        return []
    return sorted(lines, key=lambda line: line.at)[-limit:]


def _streams(logs: CloudWatchLogsClient, group: str, prefix: str) -> list[str]:
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, logStreamNamePrefix=prefix)
    names = [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
    return names[:STREAMS]
