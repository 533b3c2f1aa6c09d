"""Parse JSON requests and answers leniently: moto refuses what cannot be parsed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from werkzeug.wrappers import Response

from deployer.local.aws_errors import AwsError

Ask = Callable[[bytes], Response | AwsError]


def parsed(body: bytes) -> dict[str, Any]:
    try:
        document = json.loads(body or b"{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def answered(answer: Response | AwsError) -> dict[str, Any] | None:
    """Return the content of an answer, or None for an error."""
    if isinstance(answer, AwsError) or answer.status_code != 200:
        return None
    return parsed(answer.get_data())


def json_bytes(value: object) -> bytes:
    return json.dumps(value).encode()
