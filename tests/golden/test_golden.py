"""Every plan case, compared whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import jsonschema
import pytest

from deployer.resources.unions import Change
from deployer.view.plan_json import PlanDocument
from deployer.view.schemas import schema_json
from tests.golden.case import Case, cases

CASES = cases()
ENOUGH = 40


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_the_plan_is_as_the_case_says(case: Case) -> None:
    for name, text in case.outputs().items():
        assert text == (case.folder / name).read_text(), name


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.folder.name)
def test_its_json_reads_back_as_the_document_it_was(case: Case) -> None:
    text = (case.folder / "plan.json").read_text()
    assert PlanDocument.model_validate_json(text).model_dump_json(indent=2) + "\n" == text


def test_the_schema_in_the_docs_is_fresh_and_every_plan_fits_it() -> None:
    written = (Path(__file__).parents[2] / "docs" / "reference" / "plan.schema.json").read_text()
    assert written == schema_json("plan"), "write it again: just generate"
    validator = jsonschema.Draft202012Validator(json.loads(written))
    for case in CASES:
        validator.validate(json.loads((case.folder / "plan.json").read_text()))


def test_every_kind_of_change_has_a_case() -> None:
    shown = {
        change["kind"] for case in CASES for change in json.loads((case.folder / "plan.json").read_text())["changes"]
    }
    assert {kind.__name__ for kind in get_args(Change)} - shown == set()
    assert len(CASES) >= ENOUGH
