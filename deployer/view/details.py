"""The fields of a change, blocker or trouble as plain data for programs."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from msgspec import Struct, to_builtins


def filled_fields(item: Struct, leave_out: Set[str] = frozenset()) -> dict[str, Any]:
    """The fields that are not empty, without those of the given names."""
    fields: dict[str, Any] = to_builtins(item)
    own: dict[str, Any] = _without_empty({name: value for name, value in fields.items() if name not in leave_out})
    return own


def _without_empty(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_empty(part) for name, part in value.items() if part not in (None, "", [], {})}
    return [_without_empty(part) for part in value] if isinstance(value, list) else value
