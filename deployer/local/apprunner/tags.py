"""Convert tags between the API's list and a dict."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deployer.local.apprunner.errors import InvalidRequest

MOST = 50  # App Runner API reference, TagResource


def of(listed: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Raises InvalidRequest for a tag without a key, a key given twice, or too many."""
    tags: dict[str, str] = {}
    for tag in listed or []:
        if not tag.get("Key"):
            raise InvalidRequest("A tag needs a Key.")
        if tag["Key"] in tags:
            raise InvalidRequest(f"The tag {tag['Key']} is given twice.")
        tags[tag["Key"]] = tag.get("Value") or ""
    within_quota(tags)
    return tags


def within_quota(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST:
        raise InvalidRequest(f"A resource can have {MOST} tags, not {len(tags)}.")


def listed(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
