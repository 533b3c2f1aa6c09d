"""The schema for editors is generated, fresh, and agrees with the types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
from ruamel.yaml import YAML

from deployer.manifest.load import LoadedManifest
from deployer.manifest.schema import json_schema
from deployer.verbs.schema import SchemaOptions, describe_format
from deployer.view.schemas import schema_json
from tests.samples import ROOT


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema())


@pytest.fixture
def staging(read: Callable[..., LoadedManifest]) -> dict[str, Any]:
    data: dict[str, Any] = YAML(typ="safe", pure=True).load(read().text)
    return data


def test_the_file_in_the_repository_is_fresh() -> None:
    written = (ROOT / "env" / "manifest.schema.json").read_text()

    assert written == schema_json("manifest"), "write it again: deployer schema > env/manifest.schema.json"
    assert written.endswith("}\n")


def test_the_reference_in_the_docs_is_fresh_and_has_every_key() -> None:
    written = (ROOT / "docs" / "reference" / "manifest.md").read_text()

    page = describe_format(SchemaOptions(markdown=True))
    assert written == page, "write it again: deployer schema --markdown > docs/reference/manifest.md"
    parts = [json_schema(), *json_schema()["$defs"].values()]
    assert all(f"| `{key}` |" in written for part in parts for key in part["properties"])


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("appp",), "x"),
        (("service", "prot"), 1),
        (("service", "port"), "8001"),
        (("service", "port"), 65536),
        (("service", "cpu"), "3 vCPU"),
        (("service", "name"), "abc"),
        (("service", "health_check", "interval"), 21),
        (("service", "scaling", "max"), 26),
        (("aws", "account"), 123456789012),
        (("aws", "account"), "1234"),
        (("aws", "parameter_path"), "/aws/x"),
        (("aws", "endpoint"), "http://example.org:80"),
        (("aws", "endpoint"), None),
        (("image", "repository"), "Upper"),
        (("protect", "branches"), ["a b"]),
        (("variables",), {}),
        (("variables", "BAD"), {"kind": "secret"}),
        (("variables", "port"), {"kind": "secret"}),
        (("variables", "awsapprunner-x"), {"kind": "secret"}),
        (("variables", "x"), {"kind": "secret", "value": "y"}),
        (("variables", "x"), {"kind": "secret", "generate": 8}),
        (("variables", "x"), {"kind": "secret", "generate": 32, "source": "local-world"}),
        (("variables", "x"), {"kind": "literal"}),
        (("variables", "x"), {"kind": "literal", "value": 1.5}),
        (("variables", "x"), {"kind": "literal", "value": None}),
        (("variables", "x"), {"kind": "literal", "value": "y", "store": "vault"}),
        (("variables", "x"), {"value": "y"}),
        (("variables", "x"), "y"),
    ],
)
def test_known_mistakes_do_not_fit(
    staging: dict[str, Any], validator: jsonschema.Draft202012Validator, keys: tuple[str, ...], value: object
) -> None:
    assert validator.is_valid(staging)
    group = staging
    for key in keys[:-1]:
        group = group[key]
    group[keys[-1]] = value

    assert not validator.is_valid(staging)


@pytest.mark.parametrize("section", ["app", "environment", "aws", "image", "service", "protect", "variables"])
def test_every_section_is_required(
    staging: dict[str, Any], validator: jsonschema.Draft202012Validator, section: str
) -> None:
    del staging[section]

    assert not validator.is_valid(staging)


def test_every_key_is_explained() -> None:
    document = json_schema()
    parts = {f"#/$defs/{name}": part for name, part in document["$defs"].items()}
    groups = [document, *parts.values()]
    silent = [
        key
        for group in groups
        for key, value in group["properties"].items()
        if not (value.get("description") or parts.get(value.get("$ref"), {}).get("description"))
    ]

    assert silent == []
    assert all(group["additionalProperties"] is False for group in groups)
