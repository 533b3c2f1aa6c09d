"""Every document has a schema that a validator accepts; whether documents fit theirs is tested from end to end."""

from __future__ import annotations

import json

import jsonschema
import pytest

from deployer.view.schemas import KINDS, schema_json


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_document_has_a_schema(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(schema_json(kind)))
