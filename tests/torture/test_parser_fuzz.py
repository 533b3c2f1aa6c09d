"""The parser under a fuzzer that follows which code each input reaches."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.ansari_whatsapp.world import ROOT, envelope, text, value

RUNS, RUNS_FULL = 20_000, 3_000_000
MEGABYTES = 400


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris is not made for this machine")
@pytest.mark.timeout(3600)
def test_no_webhook_breaks_the_parser_and_memory_stays_flat(tmp_path: Path, full: bool) -> None:
    failed = {"id": "wamid.2", "status": "failed", "errors": [{"code": 1}]}
    tapped = {"type": "interactive", "id": "w", "interactive": {"button_reply": {"title": "yes"}}}
    revoked = {"type": "revoke", "id": "w", "from_user_id": "SA.abc", "revoke": {"original_message_id": "w"}}
    half_a_letter = b'{"entry": [{"changes": [{"value": {"messages": [{"text": {"body": "\\ud83d"}}]}}]}]}'
    seeds = [
        envelope(value(text("hello", "wamid.1"), statuses=[failed])),
        envelope(value(tapped, revoked, contacts=[{"wa_id": "15551230000", "user_id": "SA.abc"}])),
        half_a_letter,
    ]
    for number, seed in enumerate(seeds):
        (tmp_path / str(number)).write_bytes(seed + b"\x01")  # the last byte says that it is the body itself
    runs = RUNS_FULL if full else RUNS
    options = [f"-runs={runs}", f"-rss_limit_mb={MEGABYTES}", "-seed=1", "-max_len=4096", "-timeout=20"]
    fuzzer = [
        sys.executable,
        "-m",
        "tests.torture.fuzz_parser",
        *options,
        f"-artifact_prefix={tmp_path}/",
        str(tmp_path),
    ]
    done = subprocess.run(
        # The highest memory of a process counts what its parent had at the fork: a shell has little.
        ["sh", "-c", '"$@"; exit $?', "sh", *fuzzer],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    last = re.findall(r"cov: (\d+).* rss: (\d+)Mb", done.stderr)[-1]
    print(f"\n{runs} inputs, {last[0]} branches reached, {last[1]} MB")  # noqa: T201
