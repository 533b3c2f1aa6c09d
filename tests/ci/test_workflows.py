"""The workflows of the sample manifests: clean, with few rights, and calling what the deployer understands."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deployer.ci import actions
from deployer.ci.actions import Action
from deployer.ci.workflows import workflow_files
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


def test_a_plan_is_approved_only_where_reviewers_were_asked() -> None:
    """Before the job has credentials; it alone may read GitHub's environments."""
    approving = [
        job for _, _, job in jobs() if any("--approve" in one["run"] and "--plan" in one["run"] for one in scripts(job))
    ]
    assert len(approving) == 2
    for _, _, job in jobs():
        assert ("actions" in job.get("permissions", {})) == (job in approving)
    for job in approving:
        names = [step["name"] for step in job["steps"]]
        assert job["permissions"]["actions"] == "read"
        assert names.index("Check that reviewers were asked") < names.index("Sign in to AWS")


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
    env |= {"PATH": f"{tmp_path}:{env['PATH']}", "GH_REPO": "o/r", "PULL_REQUEST": "3", "DRIFT": "found"}
    (tmp_path / "temp" / text).write_text("what is new")
    step = list(scripts(parsed(WORKFLOWS[file])["jobs"][job]))[-1]
    done = shell(step["run"], tmp_path, env)
    assert done.returncode == 0, done.stderr
    looked, wrote = (tmp_path / "temp" / "called").read_text().splitlines()
    assert "--jq" in looked
    assert 'select(.user.login == "github-actions[bot]")' in looked
    assert 'startswith("<!-- ' in looked
    assert "title" not in looked
    assert ("--method PATCH" in wrote) == (f"repos/o/r/{there}" in wrote) == bool(known)


@pytest.mark.parametrize("known", ["", "12", "12 34"])
def test_an_issue_is_closed_when_the_drift_is_gone(tmp_path: Path, known: str) -> None:
    gh = tmp_path / "gh"
    answer = f'for one in {known}; do echo "$one"; done'
    gh.write_text(f'#!/bin/sh\necho "$*" >> "$RUNNER_TEMP/called"\ncase "$*" in *--jq*) {answer} ;; esac\n')
    gh.chmod(0o755)
    env = runner(tmp_path / "temp")
    env |= {"PATH": f"{tmp_path}:{env['PATH']}", "GH_REPO": "o/r", "DRIFT": "none"}
    step = list(scripts(parsed(WORKFLOWS["drift.yml"])["jobs"]["staging"]))[-1]
    done = shell(step["run"], tmp_path, env)
    assert done.returncode == 0, done.stderr
    wrote = (tmp_path / "temp" / "called").read_text().splitlines()[1:]
    closed = [line for line in wrote if "state=closed" in line]
    assert [line.split("issues/")[1].split()[0] for line in closed] == known.split()
    assert len(wrote) == 2 * len(closed)


@pytest.mark.parametrize(
    ("plan", "code", "output", "shown"),
    [
        ({}, 0, "id=7", ""),
        ({"held": True}, 0, "id=", "::notice title=Not deployed::production is held"),
        ({"postponed": "it is paused"}, 0, "id=", "::notice title=Not deployed::production is paused"),
        ({"postponed": "it is paused", "known_bad": 3}, 0, "id=", "::notice title=Not deployed::production is paused"),
        ({"known_bad": 3}, 4, "", "::error title=Not deployed::"),
        ({"known_bad": 3, "rollback_to": 3}, 0, "id=7", ""),
    ],
)
def test_no_reviewer_is_asked_for_a_plan_that_is_refused(
    tmp_path: Path, plan: dict[str, object], code: int, output: str, shown: str
) -> None:
    """The job that asks the reviewers runs only where the output `id` has a text."""
    job = parsed(WORKFLOWS["rollback.yml"])["jobs"]["plan-production"]
    made = {"fingerprint": "7", "held": False, "postponed": "", "known_bad": None, "rollback_to": None} | plan
    just = tmp_path / "just"
    just.write_text(f"#!/bin/sh\necho '{json.dumps(made)}' > \"$RUNNER_TEMP/production.plan\"\necho shown\nexit 2\n")
    just.chmod(0o755)
    env = runner(tmp_path / "temp") | {"RELEASE": ""}
    done = shell(next(step for step in scripts(job) if step.get("id") == "plan")["run"], tmp_path, env)
    assert done.returncode == code, done.stderr
    output_file = Path(env["GITHUB_OUTPUT"])
    assert (output_file.read_text() if output_file.exists() else "").strip() == output
    assert shown in done.stdout
    assert bool(shown) == ("title=Not deployed" in done.stdout)


def test_nothing_that_changes_an_environment_is_cancelled() -> None:
    """A waiting rollback least of all: GitHub cancels the older of two jobs that wait in one group."""
    changing = [(name, job) for name, _, job in jobs() if job.get("environment") in {"staging", "production"}]
    assert len(changing) == 4
    for name, job in changing:
        group = f"{'rollback' if name == 'rollback.yml' else 'deploy'}-{job['environment']}"
        assert job["concurrency"] == {"group": group, "cancel-in-progress": False}


def test_branches_come_from_the_manifests() -> None:
    found = workflow_files(
        [manifest((r"branch: develop", "branch: trunk"), (r"branches: \[develop", "branches: [trunk"))]
    )
    assert "branches: [trunk]" in found["deploy.yml"]
    assert "github.ref_name == 'trunk'" in found["deploy.yml"]
    assert "branches-ignore: [trunk]" in found["test.yml"]


def test_keys_in_place_of_a_role() -> None:
    for text in workflow_files([manifest((r"credentials: \{kind: oidc.*", KEYS))]).values():
        assert "id-token" not in text
        assert "role-to-assume" not in text
    assert "aws-access-key-id: ${{ secrets.AWS_ACCESS_KEY_ID }}" in text_of(KEYS, "deploy.yml")


def text_of(credentials: str, name: str) -> str:
    return workflow_files([manifest((r"credentials: \{kind: oidc.*", credentials))])[name]


@pytest.mark.parametrize("credentials", [None, KEYS])
@pytest.mark.parametrize("protect", ["protect: {confirm: true}", "protect: {confirm: false}"])
def test_every_kind_of_manifest_gives_a_clean_workflow(tmp_path: Path, credentials: str | None, protect: str) -> None:
    edits = [(r"protect: \{.*", protect), *([(r"credentials: \{.*", credentials)] if credentials else [])]
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    for name, text in workflow_files([manifest(*edits)]).items():
        (folder / name).write_text(text)
    done = run_tool(["actionlint", *map(str, sorted(folder.glob("*.yml")))], cwd=tmp_path)
    assert done.returncode == 0, done.stdout


def test_without_a_repository_there_are_the_tests_only() -> None:
    assert list(workflow_files([sample_manifest("local")])) == ["test.yml"]


def render(cwd: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deployer", "ci", "render", *options]
    return subprocess.run(command, cwd=cwd, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


def zizmor(path: Path) -> list[str]:
    return ["zizmor", "--offline", "--no-progress", "--config", str(ROOT / ".github" / "zizmor.yml"), str(path)]


def run_tool(command: list[str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    program = str(Path(sys.executable).parent / command[0])
    return subprocess.run([program, *command[1:]], cwd=cwd, capture_output=True, text=True, check=False)
