"""The inbox on disk loses nothing that it acknowledged, at whichever statement its process is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.ansari_whatsapp.world import ROOT

STATEMENTS = 100  # at least, in the whole use of an inbox
SAMPLE = 9  # every ninth statement, on every run


@pytest.mark.timeout(600)
def test_a_kill_before_a_statement_loses_nothing(full: bool, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.torture.inbox_kills", str(tmp_path), "1" if full else str(SAMPLE)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > STATEMENTS
