"""A secret on the command line is refused, and nothing repeats it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deployer.__main__ import main
from deployer.cli.terminal import secret_value
from deployer.errors import UsageError
from tests.samples import ROOT, make_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("project"))


SENTINEL = "sentinel-on-the-command-line"


@pytest.mark.parametrize(
    "words",
    [
        "secret set local meta-app-secret {}",
        "secret set local meta-app-secret --value={}",
        "secret set local meta-app-secret --value {}",
        "secret set local meta-app-secret -{}",
        "secret set local meta-app-secret -- {}",
        "secret set local {}",
        "secret set local META_APP_SECRET={}",
        "secret rotate local meta-app-secret {}",
        "secret generate local meta-app-secret {}",
        "secret generate local {}",
        "secret unset local meta-app-secret {}",
        "secret import local META_APP_SECRET={}",
        "secret import local .env {}",
        "secret show local {}",
        "secret show local meta-app-secret {}",
        "secret list local {}",
        "secret st local meta-app-secret {}",
        "set local meta-app-secret {}",
        "set local meta-app-secret x {}",
        "add local metrics-token {} --secret",
        "add local metrics-token --secret --value={}",
        "plan local {}",
        "plan local --secret={}",
        "plan local --json={}",
        "plan local --j={}",
        "plan local --in={}",
        "releases local --all={}",
        "add local metrics-token --generate={}",
        "add local metrics-token --generate {}",
        "add local metrics-token --secret={}",
        "add local metrics-token --store={}",
        "add local metrics-token --s={}",
        "export local --format {}",
        "schema {}",
        "{}",
        "local {}",
    ],
)
def test_a_secret_on_the_command_line_is_refused_and_not_repeated(
    project: Path, words: str, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert main(words.format(SENTINEL).split()) == 3
    shown = "".join(capfd.readouterr())
    assert SENTINEL not in shown
    assert "  fix: " in shown


def test_a_stray_value_is_told_how_to_be_given(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["secret", "set", "local", "meta-app-secret", SENTINEL]) == 3
    shown = capfd.readouterr().err
    assert "a secret's value is never taken from the command line; nothing was changed" in shown
    assert "--file FILE" in shown


def test_a_file_that_is_none_is_not_named() -> None:
    """Some give the secret itself in the place of the file."""
    read = secret_value(Path(SENTINEL))
    with pytest.raises(UsageError) as caught:
        read("x: ")
    assert SENTINEL not in str(caught.value)


@pytest.mark.parametrize(
    ("words", "meant"),
    [(("pln", "local"), "plan"), (("secret", "lst", "local"), "list"), (("plan", "local", "--jsn"), "--json")],
)
def test_what_was_probably_meant_is_named(
    words: tuple[str, ...], meant: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == 3
    assert f"did you mean {meant}?" in capfd.readouterr().err


def test_an_unknown_option_is_named_without_its_value(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "local", f"--nonsense={SENTINEL}", "one", "two"]) == 3
    assert "unknown option --nonsense, 2 arguments too many" in capfd.readouterr().err


def test_a_traceback_shows_where_and_no_secret() -> None:
    script = (
        "import os, sys\n"
        "from deployer import __main__, cli\n"
        "from deployer.core.secret import SecretValue\n"
        "from deployer.cli import watch\n"
        "def broken(words):\n"
        f"    SecretValue('{SENTINEL}')\n"
        f"    raise KeyError('{SENTINEL[:9]}' + '{SENTINEL[9:]}')\n"
        "cli.run = broken\n"
        "sys.exit(__main__.main(['check']))\n"
    )
    environ = {**os.environ, "DEPLOYER_TRACEBACK": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "in broken" in done.stderr
    assert "builtins.KeyError: '<secret>'" in done.stderr
    assert SENTINEL not in done.stderr
