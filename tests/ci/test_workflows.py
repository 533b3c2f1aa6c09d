"""The workflows of the sample manifests: clean, with few rights, and calling what the deployer understands."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployer.ci import actions
from deployer.ci.actions import Action
from deployer.ci.workflows import workflows
from deployer.cli import DEPLOYER
from deployer.cli.command import choose
from deployer.manifest.load import parse
from deployer.manifest.model import Manifest
from tests.ci.files import NAMES, WORKFLOWS, called, jobs, parsed, runner, scripts, shell
from tests.samples import ROOT, make_project, sample_manifest, sample_text

RECIPES = (ROOT / "Justfile").read_text()
ALL_JOBS = [pytest.param(content, id=f"{file}:{name}") for file, name, content in jobs()]
KEYS = "credentials: {kind: keys, user: app-runner-github-actions-user}"


def manifest(*edits: tuple[str, str]) -> Manifest:
    text = sample_text("staging")
    for old, new in edits:
        text, done = re.subn(old, new, text)
        assert done == 1, old
    return parse(text.encode(), Path("env/staging.yaml")).manifest


def test_there_is_one_for_each_purpose() -> None:
    assert tuple(sorted(WORKFLOWS)) == NAMES


def test_a_stale_file_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    make_project(tmp_path)
    deploy = tmp_path / ".github" / "workflows" / "deploy.yml"
    old = deploy.with_name("old.yml")
    assert render(tmp_path, "--check").returncode == 0
    shutil.copy(deploy, old)
    deploy.write_text(deploy.read_text() + "# edited\n")
    done = render(tmp_path, "--check")
    assert done.returncode == 3
    assert ".github/workflows/deploy.yml, .github/workflows/old.yml" in done.stderr
    assert "plan.yml" not in done.stderr
    assert deploy.read_text().endswith("# edited\n")
    assert render(tmp_path).returncode == 0
    assert not old.exists()
    assert deploy.read_text() == WORKFLOWS["deploy.yml"]


def test_linters_find_nothing(tmp_path: Path) -> None:
    github = make_project(tmp_path) / ".github"
    for tool in (["actionlint", *(str(github / "workflows" / name) for name in NAMES)], zizmor(github)):
        done = run_tool(tool)
        assert done.returncode == 0, done.stdout + done.stderr


def test_linters_would_find_something(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yml"
    text = WORKFLOWS["rollback.yml"]
    bad.write_text(text.replace('if [ -n "$RELEASE" ]', 'if [ -n "${{ inputs.release }}" ]', 1))
    assert "template-injection" in run_tool(zizmor(bad)).stdout
    bad.write_text(text.replace("runs-on:", "runs-in:", 1))
    assert run_tool(["actionlint", str(bad)]).returncode == 1


@pytest.mark.parametrize("job", ALL_JOBS)
def test_a_job_has_the_rights_it_names_and_an_end(job: dict[str, Any]) -> None:
    assert "permissions" in job
    writes = {right for right, level in job["permissions"].items() if level == "write"}
    code = any("just" in step["run"] for step in scripts(job))
    assert not (code and "pull-requests" in writes), "code of a pull request could write"
    assert "uses" in job or ("timeout-minutes" in job and job["runs-on"] != "ubuntu-latest")
    assert "contents" not in writes
    for step in job.get("steps", ()):
        assert "${{" not in step.get("run", ""), "what comes from outside goes through env"
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
        if "configure-aws-credentials" in step.get("uses", ""):
            assert "environment" in job, "credentials belong to a GitHub environment"


def test_actions_are_pinned_by_commit_with_their_version_beside_it() -> None:
    known = {one for one in vars(actions).values() if isinstance(one, Action)}
    assert all(re.fullmatch("[0-9a-f]{40}", one.commit) and one.attested for one in known)
    for name in NAMES:
        for used in re.findall(r"uses: (.*)", WORKFLOWS[name]):
            assert used.startswith("./") or used in {f"{one.name}@{one.commit} # {one.version}" for one in known}


@pytest.mark.parametrize("job", ALL_JOBS)
def test_what_a_job_calls_the_deployer_understands(job: dict[str, Any], tmp_path: Path) -> None:
    for number, step in enumerate(scripts(job)):
        if "just" not in step["run"] and ".ci/run" not in step["run"]:
            continue
        given = dict.fromkeys(step.get("env", {}), "7")
        found = called(step["run"], tmp_path / str(number), given)
        assert found, step["run"]
        for words in found:
            understood(words)


def understood(words: list[str]) -> None:
    """By the parsers of the deployer itself; or a recipe that is there."""
    if words[0] == "deployer":
        choose("deployer", DEPLOYER, words[1:])
    elif words[0] in DEPLOYER.verbs:
        assert f'deployer {words[0]} "$@"' in RECIPES
        choose("deployer", DEPLOYER, words)
    else:
        assert re.search(rf"^@?{words[0]}\b.*:", RECIPES, re.MULTILINE), words


def test_forks_are_given_nothing() -> None:
    text = WORKFLOWS["plan.yml"]
    assert "pull_request_target" not in text
    for name, job in parsed(WORKFLOWS["plan.yml"])["jobs"].items():
        ours = "head.repo.full_name == github.repository" in job["if"]
        assert ours == (name != "fork")
        assert ours or not job["permissions"]


@pytest.mark.parametrize("known", ["", "12"])
@pytest.mark.parametrize(
    ("file", "job", "text", "there"),
    [
        ("plan.yml", "comment-staging", "plan.md", "issues/comments/12"),
        ("drift.yml", "staging", "drift.md", "issues/12"),
    ],
)
def test_what_was_written_before_is_brought_up_to_date(
    tmp_path: Path, file: str, job: str, text: str, there: str, known: str
) -> None:
    """`gh` is a stand-in that knows the number of one comment or issue, or none."""
    gh = tmp_path / "gh"
    gh.write_text(f'#!/bin/sh\necho "$*" >> "$RUNNER_TEMP/called"\ncase "$*" in *--jq*) printf %s "{known}" ;; esac\n')
    gh.chmod(0o755)
    env = runner(tmp_path / "temp")
    env |= {"PATH": f"{tmp_path}:{env['PATH']}", "GH_REPO": "o/r", "PULL_REQUEST": "3"}
    (tmp_path / "temp" / text).write_text("what is new")
    step = list(scripts(parsed(WORKFLOWS[file])["jobs"][job]))[-1]
    done = shell(step["run"], tmp_path, env)
    assert done.returncode == 0, done.stderr
    looked, wrote = (tmp_path / "temp" / "called").read_text().splitlines()
    assert "--jq" in looked
    assert ("--method PATCH" in wrote) == (f"repos/o/r/{there}" in wrote) == bool(known)


def test_nothing_that_changes_an_environment_is_cancelled() -> None:
    changing = [job for _, _, job in jobs() if job.get("environment") in {"staging", "production"}]
    assert len(changing) == 4
    for job in changing:
        assert job["concurrency"] == {"group": f"deploy-{job['environment']}", "cancel-in-progress": False}


def test_branches_come_from_the_manifests() -> None:
    found = workflows([manifest((r"branch: develop", "branch: trunk"), (r"branches: \[develop", "branches: [trunk"))])
    assert "branches: [trunk]" in found["deploy.yml"]
    assert "github.ref_name == 'trunk'" in found["deploy.yml"]
    assert "branches-ignore: [trunk]" in found["test.yml"]


def test_keys_in_place_of_a_role() -> None:
    for text in workflows([manifest((r"credentials: \{kind: oidc.*", KEYS))]).values():
        assert "id-token" not in text
        assert "role-to-assume" not in text
    assert "aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}" in text_of(KEYS, "deploy.yml")


def text_of(credentials: str, name: str) -> str:
    return workflows([manifest((r"credentials: \{kind: oidc.*", credentials))])[name]


@pytest.mark.parametrize("credentials", [None, KEYS])
@pytest.mark.parametrize("protect", ["protect: {confirm: true}", "protect: {confirm: false}"])
def test_every_kind_of_manifest_gives_a_clean_workflow(tmp_path: Path, credentials: str | None, protect: str) -> None:
    edits = [(r"protect: \{.*", protect), *([(r"credentials: \{.*", credentials)] if credentials else [])]
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in workflows([manifest(*edits)]).items():
        (folder / name).write_text(text)
    done = run_tool(["actionlint", *map(str, sorted(folder.glob("*.yml")))], cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_without_a_repository_there_are_the_tests_only() -> None:
    assert list(workflows([sample_manifest("local")])) == ["test.yml"]


def render(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deployer", "ci", "render", *options]
    return subprocess.run(command, cwd=cwd, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


def zizmor(path: Path) -> list[str]:
    return ["zizmor", "--offline", "--no-progress", "--config", str(ROOT / ".github" / "zizmor.yml"), str(path)]


def run_tool(command: list[str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / command[0])
    return subprocess.run([program, *command[1:]], cwd=cwd, capture_output=True, text=True, check=False)
