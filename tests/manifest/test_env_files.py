"""The live manifests, of which only that is asserted which holds after any valid edit. No other test reads them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from ansari_whatsapp.settings import Settings
from deployer.ci.workflows import HEAD, workflow_files
from deployer.manifest.contract import problems
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.manifest.schema import json_schema
from deployer.verbs.check import CheckOptions, check_manifests

ROOT = Path(__file__).parents[2]
PATHS = sorted((ROOT / "env").glob("*.yaml"))
WORKFLOWS = ROOT / ".github" / "workflows"


@pytest.fixture(scope="module")
def environments() -> dict[str, LoadedManifest]:
    return {path.stem: load_manifest(path) for path in PATHS}


def test_they_are_valid_together(environments: dict[str, LoadedManifest]) -> None:
    checked = check_manifests(CheckOptions(environments=tuple(map(str, PATHS))))

    assert len(checked.manifests) == len(environments) > 0


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_each_fits_the_schema_and_the_service(path: Path, environments: dict[str, LoadedManifest]) -> None:
    loaded = environments[path.stem]

    assert loaded.manifest.environment == path.stem
    assert problems(loaded, Settings) == ()
    jsonschema.Draft202012Validator(json_schema()).validate(YAML(typ="safe", pure=True).load(path))


def test_all_name_the_same_variables(environments: dict[str, LoadedManifest]) -> None:
    """Those that the service has settings for: an extra variable may be one environment's own."""
    first, *others = (
        {name for name, variable in loaded.manifest.variables.items() if not variable.extra}
        for loaded in environments.values()
    )

    assert all(other == first for other in others)


def test_the_workflows_are_rendered_from_them(environments: dict[str, LoadedManifest]) -> None:
    desired = workflow_files([loaded.manifest for loaded in environments.values()])
    rendered = {path.name: text for path in WORKFLOWS.glob("*.yml") if (text := path.read_text()).startswith(HEAD)}

    assert rendered == desired, "run: just generate"


def test_linters_accept_the_workflows() -> None:
    tools = Path(sys.executable).parent
    configuration = str(ROOT / ".github" / "zizmor.yml")
    zizmor = ["zizmor", "--offline", "--no-progress", "--config", configuration, str(ROOT / ".github")]
    for tool, *arguments in (["actionlint", *map(str, WORKFLOWS.glob("*.yml"))], zizmor):
        done = subprocess.run([tools / tool, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
