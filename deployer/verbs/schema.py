"""`deployer schema KIND`: print the JSON Schema of a manifest, or of what a verb prints with --json."""

from __future__ import annotations

from msgspec import Struct

from deployer.errors import UsageError
from deployer.manifest.reference import render_reference
from deployer.view.schemas import KINDS, schema_json


class SchemaOptions(Struct, frozen=True, kw_only=True):
    """`kind` is the name of a schema. With `markdown` the manifest's keys become a page to read."""

    kind: str = "manifest"
    markdown: bool = False


def describe_format(options: SchemaOptions) -> str:
    """The schema, or the page. Raises UsageError for an unknown kind, or for a page about another kind."""
    if options.kind not in KINDS:
        raise UsageError("no schema has this name", fix=f"use one of: {', '.join(KINDS)}")
    if not options.markdown:
        return schema_json(options.kind)
    if options.kind != "manifest":
        raise UsageError("--markdown belongs to the manifest", fix=f"deployer schema {options.kind}")
    return render_reference()
