"""The workflow for teams that stay with amazon-app-runner-deploy."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from deployer import names
from deployer.ci.legacy import ACTION, legacy_workflow
from deployer.manifest.model import LiteralVariable, SecretVariable
from tests.samples import ROOT, make_project, sample_manifest


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project"))


@pytest.mark.parametrize("name", ["staging", "production"])
def test_every_variable_goes_where_it_belongs(name: str) -> None:
    manifest = sample_manifest(name)
    step = YAML(typ="safe").load(io.StringIO(legacy_workflow(manifest)))["jobs"]["deploy"]["steps"][-1]
    assert step["uses"] == ACTION
    passed, fetched = (step["with"][key].split() for key in ("copy-env-vars", "copy-secret-env-vars"))
    for parameter, one in manifest.variables.items():
        variable = names.variable(parameter)
        if isinstance(one, LiteralVariable) and one.store == "service":
            assert variable in passed
            assert step["env"][variable] == one.text
        else:
            assert variable in fetched
            assert step["env"][variable] == f"${{{{ format('{{0}}{{1}}', vars.SSM_ROOT, '{parameter}') }}}}"
    assert {names.variable(n) for n, one in manifest.variables.items() if isinstance(one, SecretVariable)} <= set(
        fetched
    )
    assert step["with"]["service"] == manifest.service.name
    assert (step["with"]["cpu"], step["with"]["memory"], step["with"]["port"]) == (1, 2, 8001)


def test_linters_find_the_tag_only(project: Path, tmp_path: Path) -> None:
    """Every other action is pinned by commit; this one says that its commit has to be looked up."""
    file = tmp_path / "legacy.yml"
    file.write_text(render(project, "--legacy", "staging").stdout)
    tools = Path(sys.executable).parent
    for command, code in (
        ([f"{tools}/actionlint"], 0),
        ([f"{tools}/zizmor", "--offline", "--no-progress", "--format", "plain"], 14),
    ):
        done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        assert done.stdout.count("error[") == (1 if code else 0)
    assert "unpinned-uses" in done.stdout


@pytest.mark.parametrize(("held", "calls"), [(True, ["manifest"]), (False, ["manifest", "build", "push"])])
def test_a_second_run_for_one_commit_pushes_nothing(
    project: Path, tmp_path: Path, held: bool, calls: list[str]
) -> None:
    """Tags are immutable: ECR would refuse the same image again."""
    steps = YAML(typ="safe").load(io.StringIO(render(project, "--legacy", "staging").stdout))["jobs"]["deploy"]["steps"]
    (build,) = (step["run"] for step in steps if "docker" in step.get("run", ""))
    docker = tmp_path / "docker"
    docker.write_text(f'#!/bin/sh\necho "$1" >> "{tmp_path}/calls"\n[ "$1" != manifest ] || exit {0 if held else 1}\n')
    docker.chmod(0o755)
    given = {"PATH": f"{tmp_path}:/usr/bin:/bin", "IMAGE": "host/ansari-whatsapp:1", "GITHUB_SHA": "1"}
    subprocess.run(["bash", "-eo", "pipefail", "-c", build], env=given, check=True, capture_output=True)
    assert (tmp_path / "calls").read_text().split() == calls


def test_what_cannot_be_is_said(project: Path) -> None:
    done = render(project, "--legacy", "local")
    assert done.returncode == 3
    assert "names no repository" in done.stderr
    assert render(project, "--legacy", "staging", "--check").returncode == 3


def render(project: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deployer", "ci", "render", *options]
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
