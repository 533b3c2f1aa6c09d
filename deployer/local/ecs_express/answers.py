"""Parts of answers that several operations have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

JSON = dict[str, Any]


def present(values: Mapping[str, Any]) -> JSON:
    """Return the members that have a value: an answer of AWS leaves the others out."""
    return {name: value for name, value in values.items() if value is not None}


def listed_tags(tags: Mapping[str, str]) -> list[JSON]:
    return [{"key": key, "value": value} for key, value in tags.items()]
