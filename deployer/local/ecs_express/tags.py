"""Tags of a service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from deployer.local.ecs_express.errors import InvalidParameter

MOST: Final = 50  # TagResource in the API reference


def read(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Raises InvalidParameter for a tag without a key, a key given twice, or too many."""
    tags: dict[str, str] = {}
    for tag in listed or []:
        if not tag.get("key"):
            raise InvalidParameter("A tag needs a key.")
        if tag["key"] in tags:
            raise InvalidParameter(f"The tag {tag['key']} is given twice.")
        tags[tag["key"]] = tag.get("value") or ""
    within_quota(tags)
    return tags


def within_quota(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST:
        raise InvalidParameter(f"A resource can have {MOST} tags, not {len(tags)}.")
