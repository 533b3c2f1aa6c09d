"""The workflows that are rendered from the sample manifests, and what runs in them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.samples import ROOT, sample_workflows

WORKFLOWS = sample_workflows()
NAMES = ("deploy.yml", "drift.yml", "plan.yml", "rollback.yml", "test.yml")

# Writes down what it was called with, one JSON list a line, and a plan where one is to be saved.
_RECORDER = """\
#!/usr/bin/env python3
import json, sys
with open("called", "a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
if "--out" in sys.argv:
    with open(sys.argv[sys.argv.index("--out") + 1], "w") as file:
        json.dump({"fingerprint": "7", "held": False, "known_bad": None, "rollback_to": None}, file)
print("7")
"""


def read(path: Path) -> dict[str, Any]:
    return parsed(path.read_text())


def parsed(text: str) -> dict[str, Any]:
    found = YAML(typ="safe").load(text)
    assert isinstance(found, dict)
    return found


def jobs() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """File, name and content of each job."""
    for name in NAMES:
        for job, content in parsed(WORKFLOWS[name])["jobs"].items():
            yield name, job, content


def scripts(job: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    yield from (step for step in job.get("steps", ()) if "run" in step)


def runner(temp: Path) -> dict[str, str]:
    """What GitHub's runner gives to each step."""
    temp.mkdir(exist_ok=True)
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", str(temp)),
        "RUNNER_TEMP": str(temp),
        "GITHUB_STEP_SUMMARY": str(temp / "summary.md"),
        "GITHUB_OUTPUT": str(temp / "output"),
    }


def shell(script: str, cwd: Path, env: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """As GitHub starts `shell: bash`."""
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        command, cwd=cwd, env=dict(env), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )


def called(script: str, folder: Path, given: Mapping[str, str]) -> list[list[str]]:
    """What a script calls `./just` with, by a stand-in that only writes it down."""
    folder.mkdir()
    shutil.copytree(ROOT / ".ci", folder / ".ci")
    just = folder / "just"
    just.write_text(_RECORDER)
    just.chmod(0o755)
    done = shell(script, folder, {**runner(folder / "temp"), **given})
    assert done.returncode == 0, script + done.stderr
    record = folder / "called"
    return [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
