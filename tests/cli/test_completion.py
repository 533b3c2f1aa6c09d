"""A shell completes verbs, options, environments and files by what `deployer completion` prints."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from deployer.__main__ import main

ASK = """
eval "$SCRIPT"
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))
_shtab_deployer
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (("recon",), ["reconcile"]),
        (("plan", ""), ["local", "staging"]),
        (("secret", "set", "st"), ["staging"]),
        (("plan", "--j"), ["--json"]),
    ],
)
def test_bash_completes(
    words: tuple[str, ...], completed: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "env").mkdir()
    for name in ("local", "staging"):
        (tmp_path / "env" / f"{name}.yaml").touch()
    assert main(["completion", "bash"]) == 0
    script = capsys.readouterr().out

    env = {"SCRIPT": script, "PATH": "/usr/bin:/bin"}
    command = ["bash", "-c", ASK, "bash", "deployer", *words]
    done = subprocess.run(command, cwd=tmp_path, env=env, check=False, capture_output=True)

    assert done.stdout.decode().split() == completed


def test_zsh_is_given_a_function(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", "zsh"]) == 0
    assert "#compdef deployer" in capsys.readouterr().out
