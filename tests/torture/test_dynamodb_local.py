"""The tests of every inbox, with Amazon's own DynamoDB Local under the table."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.samples import ROOT
from tests.torture import dynamodb_local


@pytest.mark.timeout(3600)
def test_the_inbox_keeps_its_promises_on_dynamodb_local(full: bool, tmp_path: Path) -> None:
    if not full:
        pytest.skip("`just torture` downloads DynamoDB Local")
    if reason := dynamodb_local.why_not():
        pytest.skip(reason)
    emulator = dynamodb_local.install(tmp_path)
    files = ["tests/ansari_whatsapp/test_inbox.py"]
    command = [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", *files, "-k", "ministack"]
    done = dynamodb_local.run(command, emulator=emulator, checkout=ROOT, log=tmp_path / "log")
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout.splitlines()[-1])  # noqa: T201
