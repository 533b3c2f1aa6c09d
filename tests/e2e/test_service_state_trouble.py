"""A pause, resume or restart that fails, does not answer, or is interrupted: exit codes, and what is said."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import loopback
from tests.e2e import tiny
from tests.e2e.checkout import Checkout
from tests.e2e.test_declared_pause import DECLARED, KEY
from tests.e2e.test_releases import level, listed, run
from tests.e2e.test_service_state import platform
from tests.e2e.test_trouble import begun

pytestmark = pytest.mark.timeout(240)
WAITS = {"pause": "PAUSE_SERVICE", "resume": "RESUME_SERVICE", "restart": "START_DEPLOYMENT"}


def mood(checkout: Checkout) -> Path:
    """A file that the instances read when they start: "broken", "silent" or anything else."""
    return checkout.root.parent / "mood"


@pytest.fixture(scope="module")
def released(checkout: Checkout) -> Checkout:
    mood(checkout).write_text("good")
    moody = f"open({str(mood(checkout))!r}).read()"
    source = tiny.SOURCE.replace(
        'RELEASE = os.environ["APP_RELEASE"]',
        f'MOOD = {moody}\nif MOOD == "broken":\n    raise SystemExit("a mistake at the start")\n'
        'RELEASE = "another" if MOOD == "silent" else os.environ["APP_RELEASE"]',
    )
    assert source != tiny.SOURCE
    tiny.commit(checkout, source)
    run(checkout, "reconcile", "local")
    return checkout


@pytest.fixture(autouse=True)
def good(released: Checkout) -> Iterator[None]:
    """Whatever a test does, the next one finds a running service."""
    yield
    mood(released).write_text("good")
    released.manifest.write_text(released.manifest.read_text().replace(DECLARED, KEY))
    run(released, "status", "local", "--follow")
    if platform(released)[0] == "PAUSED":
        run(released, "resume", "local", "--old-release-first")
    run(released, "reconcile", "local")


@contextmanager
def fault(checkout: Checkout, **switches: Any) -> Iterator[None]:
    address = f"{checkout.endpoint}/_local/faults"
    loopback.put(address, json=switches, headers=checkout.keys.bearer).raise_for_status()
    try:
        yield
    finally:
        loopback.delete(address, headers=checkout.keys.bearer).raise_for_status()


def interrupted(process: subprocess.Popen[str]) -> str:
    """What it says after Ctrl-C."""
    assert process.stderr is not None
    process.send_signal(signal.SIGINT)
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 130, said
    return said


def test_a_resume_that_fails_leaves_the_service_paused(released: Checkout) -> None:
    run(released, "pause", "local")
    mood(released).write_text("broken")
    said = run(released, "resume", "local", code=6)
    assert "error: the resume failed" in said
    assert "a mistake at the start" in said
    assert "see what runs: just status local" in said
    assert platform(released)[0] == "PAUSED"
    mood(released).write_text("good")
    assert "runs again" in run(released, "resume", "local")


def test_a_restart_that_fails_leaves_the_instances_from_before(released: Checkout) -> None:
    before = loopback.get(released.service).headers["X-App-Release"]
    mood(released).write_text("broken")
    said = run(released, "restart", "local", code=5)
    assert "error: the restart failed; the instances from before still serve" in said
    assert "a mistake at the start" in said
    assert "fix the cause, then: just restart local" in said
    assert loopback.get(released.service).headers["X-App-Release"] == before
    assert [entry["outcome"] for entry in listed(released)] == ["healthy"] * len(listed(released))


@pytest.mark.parametrize("verb", ["resume", "restart"])
def test_a_service_that_does_not_answer_afterwards_is_told(released: Checkout, verb: str) -> None:
    if verb == "resume":
        run(released, "pause", "local")
    mood(released).write_text("silent")
    done = released.deployer(verb, "local", "--json")
    assert done.returncode == 6, done.stderr
    assert done.stdout == ""
    assert f"the {verb} succeeded, but {released.service}/ does not report release" in done.stderr
    assert "(last seen: 200, release another)" in done.stderr
    assert "read the application's log: just logs local" in done.stderr
    assert platform(released)[0] == "RUNNING"
    mood(released).write_text("good")
    run(released, "restart", "local")


@pytest.mark.parametrize("verb", WAITS)
def test_ctrl_c_while_it_waits(released: Checkout, verb: str) -> None:
    if verb == "resume":
        run(released, "pause", "local")
    with fault(released, hold={"seconds": 60, "operation": WAITS[verb]}):
        process, _ = begun(released, verb, "local", until="deploy      operation")
        said = interrupted(process)
    assert f"error: interrupted during the {verb}\n" in said
    assert "App Runner continues an operation that was started; it cannot be cancelled" in said
    assert "see how it ends: just status local --follow" in said
    run(released, "status", "local", "--follow")
    status, kinds = platform(released)
    assert (status, kinds[0]) == ("PAUSED" if verb == "pause" else "RUNNING", WAITS[verb])
    assert json.loads(released.deployer("status", "local", "--json").stdout)["lock"] is None


def test_ctrl_c_while_it_is_probed(released: Checkout) -> None:
    run(released, "pause", "local")
    mood(released).write_text("silent")
    process, _ = begun(released, "resume", "local", until="deploy      operation")
    while platform(released)[0] != "RUNNING":
        time.sleep(0.05)
    time.sleep(3)  # until it has noticed; it probes for ten seconds
    said = interrupted(process)
    assert "interrupted after the resume had succeeded, before the service was seen to answer" in said
    assert "see whether it answers: just status local" in said
    mood(released).write_text("good")
    run(released, "restart", "local")


@pytest.mark.parametrize("verb", WAITS)
def test_what_aws_refuses_changes_nothing(released: Checkout, verb: str) -> None:
    if verb == "resume":
        run(released, "pause", "local")
    before = platform(released)
    call = {"pause": "PauseService", "resume": "ResumeService", "restart": "StartDeployment"}[verb]
    with fault(released, refuse={"call": f"apprunner:{call}"}):
        assert f"AWS refused apprunner:{call}" in run(released, verb, "local", code=1)
    assert platform(released) == before


def test_a_wait_that_aws_refuses_says_that_it_may_be_under_way(released: Checkout) -> None:
    with fault(released, refuse={"call": "apprunner:ListOperations", "after": 1}):
        said = run(released, "pause", "local", code=6)
    assert "the pause may be under way" in said
    assert "see how it ends: just status local --follow" in said


class TestDeclared:
    """The same within a reconcile: what was done before is done, and the next one goes on."""

    def test_a_pause_that_aws_refuses_comes_after_a_recorded_release(self, released: Checkout) -> None:
        before = len(listed(released))
        level(released, "DEBUG", "INFO")
        released.edit(KEY, DECLARED)
        with fault(released, refuse={"call": "apprunner:PauseService"}):
            said = run(released, "reconcile", "local", code=6)
        assert "AWS refused apprunner:PauseService" in said
        assert "after 2 of 3 changes" in said
        assert "just reconcile local continues from there" in said
        assert (len(listed(released)), listed(released)[0]["outcome"]) == (before + 1, "healthy")
        assert platform(released)[0] == "RUNNING"
        assert "local is paused, as env/local.yaml declares" in run(released, "reconcile", "local")
        assert len(listed(released)) == before + 1
        released.edit(DECLARED, KEY)
        assert "runs again with release" in run(released, "reconcile", "local")

    def test_ctrl_c_during_its_pause(self, released: Checkout) -> None:
        released.edit(KEY, DECLARED)
        with fault(released, hold={"seconds": 60, "operation": "PAUSE_SERVICE"}):
            process, _ = begun(released, "reconcile", "local", until="deploy      operation")
            said = interrupted(process)
        assert "interrupted during the pause of the service, after 0 of 1 changes" in said
        assert "follow it to its end with: just reconcile local" in said
        assert "Nothing to do" in run(released, "reconcile", "local")
        assert platform(released)[0] == "PAUSED"
        released.edit(DECLARED, KEY)
        assert "~ resume" in run(released, "plan", "local")  # the tag was there before the pause

    def test_its_resume_fails_and_does_not_answer(self, released: Checkout) -> None:
        released.edit(KEY, DECLARED)
        run(released, "reconcile", "local")
        released.edit(DECLARED, KEY)
        mood(released).write_text("broken")
        said = run(released, "reconcile", "local", code=6)
        assert "the resume failed, after 0 of 1 changes" in said
        assert "a mistake at the start" in said
        assert platform(released)[0] == "PAUSED"
        mood(released).write_text("silent")
        said = run(released, "reconcile", "local", code=6)
        assert "the resume succeeded, but" in said
        assert platform(released)[0] == "RUNNING"
        mood(released).write_text("good")
        run(released, "restart", "local")
        assert "Nothing to do" in run(released, "reconcile", "local")
