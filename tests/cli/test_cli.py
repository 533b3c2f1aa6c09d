"""The command line as a process: usage, exit codes, and what it costs to start."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.samples import ROOT, make_project, sample_text


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project"))


def deployer(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deployer", *arguments],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("no-such-verb",),
        ("plan",),
        ("plan", "staging", "--no-such-option"),
        ("plan", "no-such-environment"),
        ("secret",),
        ("secret", "set", "local"),
        ("secret", "set", "local", "no-such-secret"),
        ("local", "sideways"),
        ("local", "up", "staging"),
        ("image",),
        ("image", "push"),
        ("reconcile", "local", "--build", "--image", "x"),
        ("say", "local"),
        ("say", "local", " "),
        ("plan", "local", "--image", ""),
        ("reconcile", "local", "--approve", ""),
        ("plan", "local", "--json", "--markdown"),
        ("schema", "plan", "--markdown"),
        ("schema", "no-such-kind"),
        ("ci",),
        ("ci", "render", "--legacy", ""),
        ("ci", "render", "--legacy", "local"),
        ("ci", "tag", "no-such-environment"),
        ("ci", "sbom", "--lock", "env"),
        ("ci", "audit", "--lock", "env"),
        ("ci", "audit", "--lock", "requirements.lock", "--service", ""),
        ("--", "plan"),
    ],
)
def test_a_wrong_command_line_is_3_with_words_and_no_traceback(project: Path, arguments: tuple[str, ...]) -> None:
    done = deployer(*arguments, cwd=project)
    assert done.returncode == 3
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert "fix: " in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_environment_names_those_there_are(project: Path) -> None:
    assert "local, production, staging" in deployer("plan", "no-such-environment", cwd=project).stderr


def test_outside_the_project_it_says_so(tmp_path: Path) -> None:
    done = deployer("plan", "local", cwd=tmp_path)
    assert done.returncode == 3
    assert "not inside a project" in done.stderr


def test_the_local_world_answers_nobody_when_it_is_down(tmp_path: Path) -> None:
    env = tmp_path / "env"
    env.mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    text = sample_text("local")
    for number, port in enumerate(("4566", "8000", "8001", "8002")):
        text = text.replace(port, str(61001 + number))
    (env / "local.yaml").write_text(text)
    assert deployer("local", "down", cwd=tmp_path).stdout == "The local world was not running.\n"
    assert deployer("local", "status", cwd=tmp_path).stdout == '{"running": false}\n'
    done = deployer("say", "local", "hello", cwd=tmp_path)
    assert done.returncode == 1
    assert "just reconcile local" in done.stderr
    done = deployer("local", "env", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")  # a shell that evaluates it gets no keys that open nothing
    assert done.stderr == "error: the local world is not running\n  fix: just up local\n"
    done = deployer("local", "kill-instance", cwd=tmp_path)
    assert done.returncode == 1
    assert done.stderr == "error: the local world is not running\n  fix: just reconcile local\n"


@pytest.mark.parametrize("arguments", [["--help"], ["check"], ["schema"]])
def test_verbs_that_need_no_aws_do_not_import_it(project: Path, arguments: list[str]) -> None:
    code = (
        "import sys\n"
        "from deployer.__main__ import main\n"
        "try:\n"
        f"    main({arguments!r})\n"
        "except SystemExit:\n"
        "    pass\n"
        "heavy = {'boto3', 'botocore', 'httpx', 'sanic', 'aiohttp', 'moto'} & sys.modules.keys()\n"
        "sys.exit(f'imported: {heavy}' if heavy else 0)\n"
    )
    environ, command = os.environ | {"PYTHONPATH": str(ROOT)}, [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("typed", ["just", "./just"])
def test_commands_are_named_as_the_user_types_them(typed: str) -> None:
    """`./just` runs them for whom no just is installed."""
    script = "from deployer.errors import Refused; print(Refused('no', fix='adjust it, then: just plan staging'))"
    environ = {name: text for name, text in os.environ.items() if name != "DEPLOYER_JUST"}
    environ |= {} if typed == "just" else {"DEPLOYER_JUST": typed}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == f"no\n  fix: adjust it, then: {typed} plan staging\n"


def test_without_recipes_they_are_those_of_the_deployer(tmp_path: Path) -> None:
    (tmp_path / "env").mkdir()
    (tmp_path / "deployer.yaml").touch()
    script = "from deployer.errors import as_typed; print(as_typed('just plan x; just up x; just deployer sbom'))"
    environ = {name: text for name, text in os.environ.items() if name != "DEPLOYER_JUST"}
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=True)
    assert done.stdout == "deployer plan x; deployer local up x; deployer sbom\n"


@pytest.mark.parametrize("recipes", [True, False])
@pytest.mark.parametrize(
    "words",
    [
        [],
        ["dead"],
        ["dead", "local", "--limit", "x"],
        ["dead", "local", "more"],
        ["local", "--jso"],
        ["recncile", "local"],
        ["secret", "sett", "local", "x"],
    ],
    ids=" ".join,
)
def test_the_fix_of_a_mistyped_command_works_when_pasted(
    tmp_path: Path, words: list[str], recipes: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DEPLOYER_JUST", raising=False)
    (tmp_path / "env").mkdir()
    (tmp_path / "deployer.yaml").touch()
    if recipes:
        (tmp_path / "Justfile").touch()
    refused = deployer(*words, cwd=tmp_path)
    assert refused.returncode == 3
    fix = re.search(r"\n  fix: (.*)\n", refused.stderr)
    assert fix, refused.stderr
    typed = fix[1].split()
    assert typed[: 1 + recipes] == ["just", "deployer"][not recipes :]
    shown = deployer(*typed[1 + recipes :], cwd=tmp_path)
    assert (shown.returncode, shown.stdout[:7]) == (0, "usage: ")
