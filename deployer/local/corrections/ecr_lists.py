"""ECR: pages and filters of its lists, which moto does not have."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterator
from typing import Any, Final

from werkzeug.wrappers import Response

from deployer.local import validate
from deployer.local.aws_errors import AwsError
from deployer.local.corrections.wire import Ask, answered, json_bytes

PAGE: Final = 100  # elements without maxResults (API reference, ListImages)
# By operation, the list in its answer, and the parameter that names single elements.
LISTS: Final = {
    "ListImages": ("imageIds", ""),
    "DescribeImages": ("imageDetails", "imageIds"),
    "DescribeRepositories": ("repositories", "repositoryNames"),
}


def listed(operation: str, request: dict[str, Any], ask: Ask) -> Response | AwsError:
    """Return the page of a list that a request asks for. InvalidParameterException for an invalid request."""
    name, naming = LISTS[operation]
    for refused in _refusals(operation, request, naming):
        return refused
    whole = {key: value for key, value in request.items() if key not in {"maxResults", "nextToken"}}
    answer = ask(json_bytes(whole))
    body = answered(answer)
    if not isinstance(answer, Response) or body is None:
        return answer
    elements = [element for element in body[name] if _matches(element, request.get("filter") or {})]
    start = _position(request.get("nextToken"))
    if start is None or start > len(elements):
        return _invalid("Invalid parameter at 'nextToken': this operation did not give it.")
    end = start + (request.get("maxResults") or PAGE)
    more = {"nextToken": _token(end)} if end < len(elements) and not request.get(naming) else {}
    shown = elements if request.get(naming) else elements[start:end]
    answer.set_data(json.dumps({**body, name: [_without_null(element) for element in shown], **more}))
    return answer


def _refusals(operation: str, request: dict[str, Any], naming: str) -> Iterator[AwsError]:
    if wrong := validate.reasons(validate.input_shape("ecr", operation), request):
        yield _invalid("; ".join(wrong))
    if request.get(naming):
        for paging in ("maxResults", "nextToken"):
            if request.get(paging):
                yield _invalid(f"Invalid parameter at '{paging}': it cannot be used together with '{naming}'.")


def _matches(element: dict[str, Any], image_filter: dict[str, Any]) -> bool:
    """Return whether an image has the requested status of tags. Every image here is active."""
    if image_filter.get("imageStatus") in {"ARCHIVED", "ACTIVATING"}:
        return False
    tagged = bool(element.get("imageTags") or element.get("imageTag"))
    return {"TAGGED": tagged, "UNTAGGED": not tagged}.get(image_filter.get("tagStatus", ""), True)


def _without_null(element: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in element.items() if value is not None}


def _token(position: int) -> str:
    return base64.urlsafe_b64encode(f"from {position}".encode()).decode()


def _position(token: str | None) -> int | None:
    """Return where the page begins; None for an unknown token."""
    if not token:
        return 0
    try:
        text = base64.urlsafe_b64decode(token.encode()).decode()
    except (binascii.Error, UnicodeError):
        return None
    number = text.removeprefix("from ")
    return int(number) if text.startswith("from ") and number.isdecimal() else None


def _invalid(text: str) -> AwsError:
    return AwsError(400, "InvalidParameterException", text)
