"""`deployer schema [manifest|plan]`: the JSON Schema that editors and programs check against."""

from __future__ import annotations

import json

from deployer.core.document import PlanDocument
from deployer.manifest.schema import schema_text


def schema(of: str) -> str:
    """The schema as the checked-in file holds it."""
    if of == "manifest":
        return schema_text()
    generated = PlanDocument.model_json_schema(mode="serialization")
    dialect = {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "A plan of the deployer"}
    return json.dumps({**generated, **dialect}, indent=2) + "\n"
