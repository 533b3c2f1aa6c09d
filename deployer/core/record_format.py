"""The format of the ledger's records, which every version of the deployer can read.

`FORMAT` grows only when an older deployer would misunderstand a record. A new field with a default does not change it:
older versions keep and ignore fields that they do not know, newer versions use the default where a field is missing.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from deployer import VERSION
from deployer.errors import Blocked

FORMAT: Final = 1
STAMP: Final = {"format": FORMAT, "deployer": VERSION}  # the two fields that every record carries


class NewerFormat(Blocked):
    """A record that only a newer deployer understands."""


def refuse_newer(fields: Mapping[str, Any], record: str) -> None:
    """Raise NewerFormat when the fields of `record`, such as "release 62", are in the format of a newer deployer.

    A record without a format has the first format.
    """
    number, wrote = fields.get("format", 1), fields.get("deployer")
    if not isinstance(number, int) or number <= FORMAT:
        return
    needed = f"deployer {wrote}" if isinstance(wrote, str) and wrote else "a newer deployer"
    raise NewerFormat(
        f"{record} was written by {needed} in format {number}; nothing was changed",
        why=f"this is deployer {VERSION}, which reads formats up to {FORMAT}",
        fix=f"use {needed} or newer: git pull, or check out the commit that was deployed last",
    )


def refuse_unknown_target(fields: Mapping[str, Any], record: str, known: Collection[str]) -> None:
    """Raise NewerFormat when `record` names a target that is not `known`: its settings cannot be read."""
    target, wrote = fields.get("target"), fields.get("deployer")
    if target is None or target in known:
        return
    needed = f"deployer {wrote}" if isinstance(wrote, str) and wrote else "a newer deployer"
    raise NewerFormat(
        f"{record} is of the target {target}, which this deployer does not know; nothing was changed",
        why=f"this is deployer {VERSION}, which knows: {', '.join(known)}",
        fix=f"use {needed} or newer: git pull, or check out the commit that was deployed last",
    )


def unknown_fields(given: Mapping[str, Any], read: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a record that the parsed object does not have, also in nested records."""
    unknown: dict[str, Any] = {}
    for name, value in given.items():
        if name not in read:
            unknown[name] = value
        elif isinstance(value, Mapping) and isinstance(read[name], Mapping):
            inner = unknown_fields(value, read[name])
            unknown |= {name: inner} if inner else {}
    return unknown


def with_unknown(known: Mapping[str, Any], unknown: Mapping[str, Any]) -> dict[str, Any]:
    """The known fields together with those that were kept unparsed."""
    merged = dict(known)
    for name, value in unknown.items():
        inner = merged.get(name)
        if name not in merged:
            merged[name] = value
        elif isinstance(inner, Mapping) and isinstance(value, Mapping):
            merged[name] = with_unknown(inner, value)
    return merged
