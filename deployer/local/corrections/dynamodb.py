"""DynamoDB: a new table is not ready at once, its expiry is not set twice, and it has each tag once.

After the Amazon DynamoDB API reference. Not emulated: throttling, the lag of an index, the deletion of expired items,
and the hour in which the expiry of a table cannot be changed again.
"""

from __future__ import annotations

import json
import threading
import time
import zlib
from typing import Any, Final

from werkzeug.wrappers import Response

from deployer.local.aws_errors import AwsError
from deployer.local.call import Call
from deployer.local.corrections.wire import Ask, answered, parsed

CREATION: Final = 0.3  # seconds, where AWS needs about ten
# What a table accepts while it is created; everything else fails.
WHILE_CREATED: Final = frozenset({"DescribeTable", "DescribeTimeToLive", "ListTables", "ListTagsOfResource"})
CHANGES: Final = frozenset({"UpdateTable", "DeleteTable", "UpdateTimeToLive"})


class DynamoDb:
    """The tables of DynamoDB. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ready: dict[str, float] = {}
        self._expiry: dict[str, str] = {}  # the attribute, by table, while expiry is on

    def corrected(self, call: Call, body: bytes, ask: Ask) -> Response | AwsError:
        """Return AWS's answer, by correcting moto's."""
        request = parsed(body)
        name = str(request.get("TableName", "")).rpartition("/")[2]
        creating = time.monotonic() < self._ready.get(name, 0)
        if creating and call.operation not in WHILE_CREATED:
            return _not_ready(call.operation, name)
        match call.operation:
            case "CreateTable":
                return self._create(name, ask(body))
            case "DescribeTable":
                return _with_status(ask(body), "Table", "CREATING") if creating else ask(body)
            case "DeleteTable":
                return _with_status(ask(body), "TableDescription", "DELETING")
            case "DescribeTimeToLive":
                return _described_expiry(name, ask(body))
            case "UpdateTimeToLive":
                return self._update_expiry(name, request, body, ask)
            case "ListTagsOfResource":
                return _each_tag_once(ask(body))
        return ask(body)

    def _create(self, name: str, answer: Response | AwsError) -> Response | AwsError:
        if answered(answer) is not None:
            self._ready[name] = time.monotonic() + CREATION
            self._expiry.pop(name, None)
        return _with_status(answer, "TableDescription", "CREATING")

    def _update_expiry(self, name: str, request: dict[str, Any], body: bytes, ask: Ask) -> Response | AwsError:
        """Refuse a state that the table already has, and a second attribute, both of which moto accepts."""
        asked = request.get("TimeToLiveSpecification")
        specification = asked if isinstance(asked, dict) else {}
        with self._lock:
            live = self._expiry.get(name)
            if live and live != specification.get("AttributeName"):
                return _invalid(f"TimeToLive is active on a different AttributeName: current AttributeName is {live}")
            if (live is not None) == specification.get("Enabled"):
                return _invalid(f"TimeToLive is already {'enabled' if live else 'disabled'}")
            answer = ask(body)
            if answered(answer) is None:
                return _no_table(name) if _is_absent(answer) else answer
            if specification.get("Enabled"):
                self._expiry[name] = str(specification["AttributeName"])
            else:
                self._expiry.pop(name, None)
            return answer


def _not_ready(operation: str, name: str) -> AwsError:
    match operation:
        case "CreateTable":
            return AwsError(400, "ResourceInUseException", f"Table already exists: {name}")
        case "DescribeContinuousBackups":
            return AwsError(400, "TableNotFoundException", f"Table not found: {name}")
        case "UpdateContinuousBackups":
            text = f"Backups are being enabled for the table: {name}. Please retry later"
            return AwsError(400, "ContinuousBackupsUnavailableException", text)
        case operation if operation in CHANGES:
            text = f"Attempt to change a resource which is still in use: Table is being created: {name}"
            return AwsError(400, "ResourceInUseException", text)
    return AwsError(400, "ResourceNotFoundException", "Requested resource not found")


def _with_status(answer: Response | AwsError, key: str, status: str) -> Response | AwsError:
    body = answered(answer)
    if not isinstance(answer, Response) or body is None:
        return answer
    table = body[key]
    table["TableStatus"] = status
    for index in table.get("GlobalSecondaryIndexes") or ():
        index["IndexStatus"] = status
    return _rewritten(answer, body)


def _described_expiry(name: str, answer: Response | AwsError) -> Response | AwsError:
    """Use ResourceNotFoundException for an absent table; of an expiry that is off, AWS names no attribute."""
    if _is_absent(answer):
        return _no_table(name)
    body = answered(answer)
    if isinstance(answer, Response) and body and body["TimeToLiveDescription"]["TimeToLiveStatus"] == "DISABLED":
        return _rewritten(answer, {"TimeToLiveDescription": {"TimeToLiveStatus": "DISABLED"}})
    return answer


def _each_tag_once(answer: Response | AwsError) -> Response | AwsError:
    """Keep the last value of each tag: moto keeps the values before it, too."""
    body = answered(answer)
    if isinstance(answer, Response) and body is not None:
        tags = {tag["Key"]: tag["Value"] for tag in body["Tags"]}
        body["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]
        return _rewritten(answer, body)
    return answer


def _rewritten(answer: Response, content: dict[str, Any]) -> Response:
    """The answer with another content, and with its checksum, which clients of DynamoDB compare."""
    answer.set_data(json.dumps(content))
    answer.headers["x-amz-crc32"] = str(zlib.crc32(answer.get_data()))
    return answer


def _is_absent(answer: Response | AwsError) -> bool:
    """Whether moto has no such table; its code for that is not AWS's."""
    error = parsed(answer.get_data()).get("__type", "") if isinstance(answer, Response) else ""
    return str(error).endswith("ResourceNotFound")


def _no_table(name: str) -> AwsError:
    return AwsError(400, "ResourceNotFoundException", f"Requested resource not found: Table: {name} not found")


def _invalid(text: str) -> AwsError:
    return AwsError(400, "ValidationException", text)
