"""`deployer check` reads every file it is given and tells everything at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer.environment.contract import refuse_contract_problems
from deployer.manifest.load import load_manifest
from deployer.manifest.problem import InvalidManifest
from deployer.verbs.check import CheckOptions, ValidManifests, check_manifests
from deployer.view.check_json import checked_json, problems_json
from deployer.view.check_text import render_checked
from tests.samples import make_project

ENVIRONMENTS = ["staging", "production", "local"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return make_project(tmp_path) / "env"


def paths(folder: Path) -> list[Path]:
    return [folder / f"{name}.yaml" for name in ENVIRONMENTS]


def check(*manifests: Path) -> ValidManifests:
    return check_manifests(CheckOptions(environments=tuple(map(str, manifests))))


def test_good_manifests_say_so(folder: Path) -> None:
    note = "  note: each of up to 25 instances keeps an inbox of its own"
    shown = render_checked(check(*paths(folder)).manifests).splitlines()
    assert [line.partition(",")[0] if line.startswith(" ") else line for line in shown] == [
        f"{folder}/staging.yaml: good (5 secrets, 10 literals)",
        note,
        f"{folder}/production.yaml: good (5 secrets, 10 literals)",
        note,
        f"{folder}/local.yaml: good (5 secrets, 10 literals)",
        note,
    ]


def test_good_manifests_as_json(folder: Path) -> None:
    told = json.loads(checked_json(check(*paths(folder)).manifests))

    assert told["problems"] == []
    assert [one["environment"] for one in told["manifests"]] == ENVIRONMENTS
    assert all(len(one["sha256"]) == 64 for one in told["manifests"])


def test_every_problem_of_every_file(folder: Path) -> None:
    staging, production, _ = paths(folder)
    staging.write_text(staging.read_text().replace("keep: 30", "kep: 30"))
    production.write_text(production.read_text().replace("  logging-level:", "  loging-level:"))
    with pytest.raises(InvalidManifest) as refusal:
        check(*paths(folder), folder / "none.yaml")

    told = [(Path(one.file).name, one.what) for one in refusal.value.problems]
    assert told == [
        ("none.yaml", "there is no such file"),
        ("production.yaml", "the service has no setting LOGING_LEVEL"),
        ("staging.yaml", "there is no key kep in image"),
    ]
    shown = json.loads(problems_json(refusal.value.problems))["problems"]
    assert [(one["line"], one["col"]) for one in shown] == [(one.line, one.col) for one in refusal.value.problems]


def test_two_environments_may_not_hold_the_same_thing(folder: Path) -> None:
    staging, production, _ = paths(folder)
    production.write_text(
        production.read_text()
        .replace("ansari-production-whatsapp", "ansari-staging-whatsapp")
        .replace("whatsapp/production", "whatsapp/staging")
    )
    with pytest.raises(InvalidManifest) as refusal:
        check(staging, production, staging)

    assert [one.what for one in refusal.value.problems] == [
        f"aws.parameter_path is that of {staging} too",
        f"service.name is that of {staging} too",
    ]


def test_a_manifest_that_the_service_refuses_is_refused(folder: Path) -> None:
    path = folder / "staging.yaml"
    refuse_contract_problems(load_manifest(path))
    path.write_text(path.read_text().replace("  origins:", "  orgins:"))
    with pytest.raises(InvalidManifest):
        refuse_contract_problems(load_manifest(path))
