"""Pages of a list, with a token that names the last item seen, so that new items neither hide nor repeat others."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from deployer.local.apprunner.errors import InvalidRequest

Item = TypeVar("Item")


def page(
    items: list[Item],
    request: Mapping[str, Any],
    *,
    key: Callable[[Item], str],
    keep: Callable[[Item], bool] = lambda _: True,
) -> tuple[list[Item], dict[str, str]]:
    """Return the page of items that a request asks for, and `{"NextToken": …}` if more follow.

    Without MaxResults all of them are on one page (API reference, ListServices and the other lists).
    Items that are not kept are left out, but a token may still name them. Raises InvalidRequest for an unknown token.
    """
    start = 0
    if request.get("NextToken"):
        start = 1 + _position(items, _decoded(request["NextToken"]), key)
    left = [item for item in items[start:] if keep(item)]
    size = request.get("MaxResults") or len(left)
    shown = left[:size]
    if len(left) <= size:
        return shown, {}
    return shown, {"NextToken": base64.urlsafe_b64encode(key(shown[-1]).encode()).decode()}


def _position(items: list[Item], sought: str, key: Callable[[Item], str]) -> int:
    for index, item in enumerate(items):
        if key(item) == sought:
            return index
    raise InvalidRequest("NextToken is not one that this operation gave.")


def _decoded(token: str) -> str:
    try:
        return base64.urlsafe_b64decode(token.encode("ascii")).decode()
    except (binascii.Error, UnicodeError):
        raise InvalidRequest("NextToken is not one that this operation gave.") from None
