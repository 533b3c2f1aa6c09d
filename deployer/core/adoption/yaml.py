"""Values as the text of a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping

from deployer.manifest import edit
from deployer.manifest.scalars import read_plain


def flow(group: Mapping[str, str | int]) -> str:
    """A mapping on one line."""
    return "{" + ", ".join(f"{k}: {v if isinstance(v, int) else word(v)}" for k, v in group.items()) + "}"


def word(text: str) -> str:
    """A text that stays a text: `true` and `12` are names here."""
    return edit.written(text) if isinstance(read_plain(text), str) else json.dumps(text)
