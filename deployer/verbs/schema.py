"""`deployer schema`: print the JSON Schema of a manifest, for editors."""

from __future__ import annotations

from deployer.manifest.schema import schema_text


def schema() -> str:
    """The text of env/manifest.schema.json."""
    return schema_text()
