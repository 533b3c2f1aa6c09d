"""Text that others put into AWS, through the verbs that show it: no terminal or runner obeys it, no line is forged."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time

import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, write_second
from tests.ready import deployer
from tests.terminal import on_terminal

pytestmark = pytest.mark.timeout(240)
FORGED = "error: all is lost"
ONE_LINE = f"\x1b[31mred\x1b[0m \x1b[2J\x1b]0;title\x07 \r{FORGED} @ansari/admins <img src=x> | `x` \u202e"
HOSTILE = f"{ONE_LINE}\n{FORGED}\n::error::{FORGED}"
VERBS = (
    "plan local",
    "plan local --markdown",
    "plan local --json",
    "status local",
    "status local --json",
    "drift local",
    "drift local --json",
    "verify local",
    "doctor local",
    "secret list local",
    "secret list local --json",
    "releases local",
    "hold local",
    "diff local second --secrets",
    "logs local",
    "logs local --json",
    "logs local --service",
    "reconcile local",
    "export local",
    "unlock local",
)


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """A release, beside which somebody has changed whatever takes a text."""
    tiny.commit(checkout)
    write_second(checkout, "value: DEBUG", "value: INFO")
    assert checkout.deployer("reconcile", "local").returncode == 0
    ssm, runner, logs = aws.ssm(checkout), aws.apprunner(checkout), aws.client(checkout, "logs")
    secret, literal = f"{aws.PATH}/meta-app-secret", f"{aws.PATH}/logging-level"
    ssm.put_parameter(Name=secret, Value="x" * 20, Type="SecureString", Overwrite=True, Description=HOSTILE)
    ssm.put_parameter(Name=literal, Value=HOSTILE, Type="String", Overwrite=True, Description=HOSTILE)
    ssm.put_parameter(Name=f"{aws.PATH}/by-hand", Value=HOSTILE, Type="String", Description=HOSTILE)
    ssm.put_parameter(Name=f"{aws.LEDGER}/hold", Value=f'{{"reason": "{HOSTILE}"}}', Type="String")
    ssm.put_parameter(Name=f"{aws.LEDGER}/lock", Value=HOSTILE, Type="String")
    [service] = runner.list_services()["ServiceSummaryList"]
    runner.tag_resource(ResourceArn=service["ServiceArn"], Tags=[{"Key": "app", "Value": ONE_LINE}])
    groups = {group["logGroupName"] for group in logs.describe_log_groups()["logGroups"]}
    [service_group] = [name for name in groups if name.endswith("/service")]
    for name in (service_group, service_group.removesuffix("/service") + "/application"):
        if name not in groups:  # the tiny service has written nothing
            logs.create_log_group(logGroupName=name)
        logs.create_log_stream(logGroupName=name, logStreamName="hostile")
        event = {"timestamp": int(time.time() * 1000), "message": HOSTILE}
        logs.put_log_events(logGroupName=name, logStreamName="hostile", logEvents=[event])
    return checkout


@pytest.mark.parametrize("words", VERBS)
def test_nothing_is_obeyed_and_no_line_is_forged(world: Checkout, words: str) -> None:
    done = deployer(world.root, *words.split(), environment={**os.environ, "GITHUB_ACTIONS": "true"})
    for shown in (done.stdout, done.stderr):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e]", shown), shown
        assert not re.search(rf"^(\s{{0,4}}(why|fix): |){FORGED}|^\s*::", shown, re.MULTILINE), shown
        assert "@ansari" not in shown or "--markdown" not in words, shown
    assert "Traceback" not in done.stderr
    assert "a defect" not in done.stderr


def test_the_hostile_text_is_shown(world: Checkout) -> None:
    """What is not shown at all cannot be shown safely."""
    assert FORGED in deployer(world.root, "logs", "local").stdout
    assert FORGED in deployer(world.root, "plan", "local").stdout


def test_raw_log_lines_go_into_a_pipe_only(world: Checkout) -> None:
    command = [sys.executable, "-m", "deployer", "logs", "local", "--raw"]
    assert HOSTILE.encode() in subprocess.check_output(command, cwd=world.root)
    code, shown = on_terminal(command, world.root)
    assert (code, FORGED in shown) == (3, False)
    assert "just logs local --raw | cat -v" in shown
