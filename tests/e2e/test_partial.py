"""A verb that fails after it changed something ends with 6, names what was done, and the next run continues.

The faults are real and none is an answer of AWS: a full disk, a broken TLS setting, a damaged answer, a hangup.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import loopback
from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout, write_second
from tests.e2e.stand_in import stand_in
from tests.ready import deployer

pytestmark = pytest.mark.timeout(300)
LEVEL = "logging-level: {kind: literal, value: %s}"
NAME = "ansari-second-whatsapp"
SECRET, VALUE = "meta-app-secret", "a-value-of-the-operator"
STAYS = "what was done stays; the next run continues from there"
GITHUB = """
github:
  repository: some-team/some-app
  branch: main
  credentials: {kind: oidc, role: second-deployer, managed: true}

variables:"""
BAD_PROXY = {"HTTP_PROXY": "nonsense://127.0.0.1", "NO_PROXY": "127.0.0.1,localhost"}


@dataclass
class World:
    """A checkout whose environment `second` has its AWS behind a stand-in, which does `strike` at one call.

    `at` is the call, such as "ssm:PutParameter", and `number` which of them; `strike` returns whether its answer is
    damaged. `process` is the command that runs.
    """

    checkout: Checkout
    at: str = ""
    number: int = 0
    strike: Callable[[], bool] = lambda: False
    process: int = 0
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    def passes(self, call: str) -> bool:
        if call != self.at:
            return False
        self.number -= 1
        return self.strike() if self.number == 0 else False

    def run(self, *words: str, code: int = 0, stdin: str = "", **environment: str) -> str:
        """What a command says on both of its outputs."""

        def started(pid: int) -> None:
            self.process = pid

        given = {**self.environment, **environment}
        done = deployer(self.checkout.root, *words, stdin=stdin, environment=given, started=started)
        said = done.stdout + done.stderr
        assert "Traceback" not in said
        assert done.returncode == code, said
        return said

    def full(self, *words: str, code: int = 6, stdin: str = "") -> str:
        """What a command says on stderr, whose stdout is a disk that is full."""
        with Path("/dev/full").open("w") as disk:
            done = subprocess.run(
                [sys.executable, "-m", "deployer", *words],
                cwd=self.checkout.root,
                env=self.environment,
                input=stdin,
                stdout=disk,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
            )
        assert done.returncode == code, done.stderr
        assert "error: the disk is full" in done.stderr
        return done.stderr

    def damaged(self, call: str, number: int, *words: str, stdin: str = "") -> str:
        """What a command says for which the answer of one call arrives damaged, though AWS did what it asked for."""
        self.at, self.number, self.strike = call, number, lambda: True
        said = self.run(*words, code=6, stdin=stdin)
        assert self.number <= 0, said
        assert "an answer of AWS arrived damaged" in said
        return said

    def hung_up(self, call: str, number: int, *words: str, stdin: str = "") -> str:
        """What a command says whose terminal is closed at one call."""

        def strike() -> bool:
            os.kill(self.process, signal.SIGHUP)
            return False

        self.at, self.number, self.strike = call, number, strike
        said = self.run(*words, code=130, stdin=stdin)
        assert self.number <= 0, said
        return said

    def edit(self, old: str, new: str) -> None:
        path = self.checkout.root / "env" / "second.yaml"
        text = path.read_text()
        assert text.count(old) == 1, old
        path.write_text(text.replace(old, new))

    def level(self, level: str) -> None:
        path = self.checkout.root / "env" / "second.yaml"
        path.write_text(re.sub(r"(logging-level: \{kind: literal, value: )\w+", rf"\g<1>{level}", path.read_text()))

    def approve(self, *words: str) -> tuple[str, ...]:
        """A rollback with the fingerprint of its plan."""
        planned = json.loads(deployer(self.checkout.root, "plan", "second", "--rollback", *words, "--json").stdout)
        return ("rollback", "second", *words, "--approve", planned["fingerprint"])

    def resume(self) -> tuple[str, ...]:
        held = json.loads(deployer(self.checkout.root, "hold", "second", "--json").stdout)
        return ("resume", "second", *(("--approve", held["id"]) if held else ()))


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Iterator[World]:
    tiny.commit(checkout)
    write_second(checkout, LEVEL % "DEBUG", LEVEL % "INFO")
    made = World(checkout)
    made.edit("\nvariables:", GITHUB)
    made.edit("CustomAppRunnerInstanceRole", "SecondInstanceRole")
    made.run("reconcile", "local")
    with stand_in(checkout.ports["4566"], damages=made.passes) as other:
        checkout.share_keys(other.port)
        made.edit(f"endpoint: {checkout.endpoint} ", f"endpoint: http://127.0.0.1:{other.port} ")
        github = f"{checkout.endpoint}/_local/github"
        token = loopback.get(f"{checkout.endpoint}/_local/secrets/github-token", headers=checkout.keys.bearer).json()[
            "value"
        ]
        made.environment |= {"GITHUB_API_URL": github, "GITHUB_TOKEN": token}
        made.run("reconcile", "second")
        yield made


class TestAnErrorAfterTheLastChange:
    """The result cannot be written, but what it reports was done."""

    def test_of_a_run_that_changed_nothing_ends_with_1(self, world: World) -> None:
        assert STAYS not in world.full("reconcile", "second", "--json", code=1)
        assert STAYS not in world.full("secret", "list", "second", code=1)

    def test_of_the_secret_verbs(self, world: World) -> None:
        said = world.full("secret", "set", "second", SECRET, stdin=VALUE)
        assert "error: the disk is full, after ssm:PutParameter\n" in said
        assert f"; {STAYS}" in said
        assert "nothing was written" in world.run("secret", "set", "second", SECRET, stdin=VALUE)
        assert "after ssm:PutParameter" in world.full("secret", "rotate", "second", "meta-webhook-verify-token")
        generated = "meta-webhook-verify-token"
        assert "after ssm:DeleteParameter" in world.full("secret", "unset", "second", generated, "--approve", generated)
        assert "after ssm:PutParameter" in world.full("secret", "generate", "second", generated)
        file = world.checkout.root / "second.env"
        file.write_text(f"META_APP_SECRET={VALUE}-1\nWHATSAPP_SERVICE_API_KEY={VALUE}-2\n")
        assert "after ssm:PutParameter (2)" in world.full("secret", "import", "second", "second.env")
        assert "the same already" in world.run("secret", "import", "second", "second.env")

    def test_of_the_verbs_that_deploy(self, world: World) -> None:
        said = world.full("reconcile", "second", "--json")  # takes the secrets of above
        assert "apprunner:UpdateService" in said
        assert "intended" not in said
        assert "Nothing to do" in world.run("reconcile", "second")
        world.level("ERROR")
        assert "apprunner:UpdateService" in world.full("promote", "local", "second", "--json")
        assert "apprunner:UpdateService" in world.full(*world.approve(), "--json")
        assert "after ssm:DeleteParameter" in world.full(*world.resume())
        assert "after ssm:PutParameter" in world.full("hold", "second", "--reason", "an incident")
        world.run(*world.resume())
        world.run("reconcile", "second")
        assert "apprunner:StartDeployment" in world.full("restart", "second")
        assert "apprunner:PauseService" in world.full("pause", "second")
        assert "apprunner:ResumeService" in world.full("resume", "second")

    def test_of_what_prepares_and_tells_github(self, world: World) -> None:
        assert "iam:CreateRole" in world.full("bootstrap", "second", "--json")
        world.run("bootstrap", "second")
        assert "a request to GitHub to set the environment second" in world.full(
            "ci", "github-sync", "second", "--json"
        )
        assert "nothing to do" in world.run("ci", "github-sync", "second")

    def test_of_destroy(self, world: World) -> None:
        assert "apprunner:DeleteService" in world.full("destroy", "second", "--approve", NAME, "--json")
        assert "Nothing is left to delete" in world.run("destroy", "second")
        world.run("reconcile", "second")


class TestABrokenSettingThatShowsOnlyAtTheProbe:
    """An HTTP client that cannot use the proxy variables fails when everything is deployed already."""

    def said(self, world: World, *words: str) -> str:
        said = world.run(*words, code=6, **BAD_PROXY)
        assert "error: an address is not a valid URL" in said
        return said

    def test_of_reconcile_promote_and_rollback(self, world: World) -> None:
        world.level("WARNING")
        said = self.said(world, "reconcile", "second")
        assert re.search(r"after [12] of 2 changes; release \w+ may be on its way", said)
        assert "just reconcile second continues from there" in said
        assert "Nothing to do" not in world.run("reconcile", "second")  # it records the release
        assert "Nothing to do" in world.run("reconcile", "second")
        world.level("DEBUG")
        assert "just reconcile second continues from there" in self.said(world, "promote", "local", "second")
        world.run("reconcile", "second")
        assert "just rollback second continues from there" in self.said(world, *world.approve())
        world.run(*world.approve())
        world.run(*world.resume())
        world.run("reconcile", "second")

    def test_of_restart_and_resume(self, world: World) -> None:
        assert "the restart itself has succeeded" in self.said(world, "restart", "second")
        world.run("restart", "second")
        world.run("pause", "second")
        assert "the resume itself has succeeded" in self.said(world, "resume", "second")
        assert "not paused" in world.run("resume", "second")


class TestADamagedAnswer:
    """AWS did what was asked for, and its answer cannot be read."""

    def test_of_reconcile(self, world: World) -> None:
        world.level("ERROR")
        said = world.damaged("ssm:PutParameter", 2, "reconcile", "second")  # the first is that of the lock
        assert "after 0 of 2 changes" in said
        assert "just reconcile second continues from there" in said
        world.run("reconcile", "second")
        assert "Nothing to do" in world.run("reconcile", "second")

    def test_of_a_prune(self, world: World) -> None:
        for name in ("one", "two"):
            path = f"/app-runtime/ansari-whatsapp/second/{name}"
            tags = [{"Key": "managed-by", "Value": "deployer"}]
            aws.ssm(world.checkout).put_parameter(Name=path, Value="x", Type="String", Tags=tags)  # type: ignore[arg-type]
        said = world.damaged("ssm:DeleteParameter", 2, "reconcile", "second", "--prune")
        assert "after 1 of 2 changes" in said
        world.run("reconcile", "second", "--prune")
        assert "Nothing to do" in world.run("reconcile", "second", "--prune")

    def test_of_a_rollback(self, world: World) -> None:
        said = world.damaged("apprunner:UpdateService", 1, *world.approve())
        assert re.search(r"after \d of \d changes; release \w+ may be on its way", said)
        assert "just rollback second continues from there" in said
        world.run(*world.approve())
        world.run(*world.resume())
        world.run("reconcile", "second")

    @pytest.mark.parametrize(("verb", "call"), [("restart", "StartDeployment"), ("pause", "PauseService")])
    def test_of_a_change_of_the_service(self, world: World, verb: str, call: str) -> None:
        world.damaged(f"apprunner:{call}", 1, verb, "second")
        if verb == "pause":
            world.damaged("apprunner:ResumeService", 1, "resume", "second")
        world.run("reconcile", "second")

    def test_of_an_import(self, world: World) -> None:
        file = world.checkout.root / "second.env"
        file.write_text(f"META_APP_SECRET={VALUE}-3\nWHATSAPP_SERVICE_API_KEY={VALUE}-4\n")
        said = world.damaged("ssm:PutParameter", 2, "secret", "import", "second", "second.env")
        assert "after 1 of 2 secrets" in said
        assert "set: meta-app-secret; not set, or not known: whatsapp-service-api-key" in said
        assert "run the same command again: it skips what is set" in said
        assert f"{VALUE}-" not in said
        world.run("secret", "import", "second", "second.env")

    def test_of_bootstrap(self, world: World) -> None:
        world.run("bootstrap", "second")
        iam = aws.iam(world.checkout)
        for role in ("second-deployer", "second-deployer-plan"):
            for policy in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                iam.delete_role_policy(RoleName=role, PolicyName=policy)
        said = world.damaged("iam:PutRolePolicy", 2, "bootstrap", "second")
        assert "after 1 of 2 steps" in said
        assert "just bootstrap second continues from there" in said
        world.run("bootstrap", "second")

    def test_of_what_github_is_told(self, world: World) -> None:
        """The values of the secrets are read one by one, between the writes to GitHub."""
        world.run("reconcile", "second")
        said = world.damaged("ssm:GetParameters", 3, "ci", "github-sync", "second")
        assert re.search(r"^ +(why: )?written: .*secret ", said, re.MULTILINE), said
        assert "not written, or unknown: secret " in said
        assert "the same deployer ci github-sync continues from there" in said
        world.run("ci", "github-sync", "second")

    def test_of_destroy(self, world: World) -> None:
        said = world.damaged("ssm:DeleteParameter", 2, "destroy", "second", "--approve", NAME)
        assert re.search(r"after [1-9]\d* of \d+ deletions", said)
        assert "just destroy second continues from there" in said
        world.run("destroy", "second", "--approve", NAME)
        world.run("reconcile", "second")


class TestAHangup:
    def test_says_how_far_it_came(self, world: World) -> None:
        world.level("WARNING")
        said = world.hung_up("ssm:PutParameter", 2, "reconcile", "second")
        assert "interrupted after 0 of 2 changes" in said
        world.run("reconcile", "second")
        said = world.hung_up("ssm:DeleteParameter", 2, "destroy", "second", "--approve", NAME)
        assert re.search(r"interrupted after \d+ of \d+ deletions", said)
        world.run("destroy", "second", "--approve", NAME)
        world.run("reconcile", "second")
        file = world.checkout.root / "second.env"
        file.write_text(f"META_APP_SECRET={VALUE}-5\nWHATSAPP_SERVICE_API_KEY={VALUE}-6\n")
        said = world.hung_up("ssm:PutParameter", 2, "secret", "import", "second", "second.env")
        assert "why: done before: ssm:PutParameter" in said
        assert "run the same command again" in said


def test_secrets_that_do_not_fit_on_the_disk_are_not_left_in_half_a_file(world: World) -> None:
    world.run("reconcile", "second")
    file = world.checkout.root / "second.env"

    def little_space() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))

    done = subprocess.run(
        [sys.executable, "-m", "deployer", "export", "second", "--secrets", "--out", str(file)],
        cwd=world.checkout.root,
        env=world.environment,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=little_space,
    )
    assert (done.returncode, "cannot be written" in done.stderr) == (3, True), done.stderr
    assert file.read_text() == ""
