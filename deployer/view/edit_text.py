"""An edit of a manifest as text or JSON."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec import to_builtins

from deployer.errors import as_typed
from deployer.view.documents.edit import EditDocument


def edit_json(edited: EditDocument) -> str:
    """The edit as one line of JSON."""
    return json.dumps(to_builtins(edited), sort_keys=True, ensure_ascii=False)


def render_edit(edited: EditDocument) -> str:
    """The edit as one line, with the next step."""
    where = f"{edited.file}:{edited.line}: {edited.name}"
    if edited.did == "same":
        return f"{where} is {_shown(edited.after)} already"
    change = f"{_shown(edited.before)} -> {_shown(edited.after)}" if edited.did == "set" else edited.did
    return f"{where}: {change}\n" + as_typed(f"Next: just plan {Path(edited.file).stem}")


def _shown(value: str | None) -> str:
    text = value or ""
    return text if text.isprintable() and text else json.dumps(text, ensure_ascii=False)
