"""The tests pass after each edit of the manifests that people make: `deploy.yml` deploys nothing when one fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.edits import EDITS, commit_edits
from tests.samples import ROOT, copy_checkout

# The fast suite is every other folder. These make checkouts of their own with the sample manifests as env/.
SLOW = {"docs", "e2e", "image", "torture"}
FAST = tuple(
    f"tests/{folder.name}"
    for folder in sorted((ROOT / "tests").iterdir())
    if folder.name not in SLOW and any(folder.rglob("test_*.py"))
)
READERS = ("tests/manifest/test_env_files.py", "tests/architecture/test_live_manifests.py")
TOGETHER = "all_of_them"


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("edit", [TOGETHER, *EDITS])
def test_the_suite_passes_after(edit: str, full: bool, tmp_path: Path) -> None:
    """In full, the whole fast suite after each kind; otherwise only what reads the manifests, after all of them."""
    if not full and edit != TOGETHER:
        pytest.skip("`just torture` makes each edit alone")
    copy_checkout(tmp_path)
    for name, make in EDITS.items():
        if edit in (name, TOGETHER):
            make(tmp_path)
    commit_edits(tmp_path)

    ended = run_tests(tmp_path, *(("-n", "2", *FAST) if full else ("-n", "0", *READERS)))

    assert ended.returncode == 0, ended.stdout[-20_000:] + ended.stderr


def run_tests(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments]
    environ = os.environ | {"PYTHONPATH": str(root)}
    environ.pop("PYTEST_XDIST_WORKER", None)
    return subprocess.run(command, cwd=root, env=environ, capture_output=True, text=True, check=False)
