"""`deployer image` as a process, with a stand-in for the tool that builds; ECR is the local one."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.e2e import aws
from tests.e2e.checkout import Checkout, make_checkout
from tests.ready import deployer

pytestmark = pytest.mark.timeout(240)
# The words of docker's command line that the deployer uses. It writes down what it was called with.
DOCKER = """#!/bin/sh
echo "$*" >> "$STAND_IN/calls"
case "$1" in
version) [ ! -e "$STAND_IN/no-engine" ] || { echo "Cannot connect to the Docker daemon" >&2; exit 1; } ;;
build) [ ! -e "$STAND_IN/broken" ] || { echo "ERROR: failed to solve: a step failed" >&2; exit 1; }
    for context; do :; done; ls -A "$context" > "$STAND_IN/context" ;;
image) cat "$STAND_IN/platform" ;;
login) cat > "$STAND_IN/password" ;;
push) [ ! -e "$STAND_IN/push" ] || exec "$STAND_IN/push"
    echo "dial tcp 10.0.0.1:443: connect: connection refused" >&2; exit 1 ;;
esac
"""


class Bench:
    """A checkout whose PATH has git and the stand-in, and nothing else that builds."""

    def __init__(self, folder: Path) -> None:
        self.checkout: Checkout = make_checkout(folder / "checkout")
        self.state = folder / "state"
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in ("git", "sh", "cat", "ls"):
            (self.bin / name).symlink_to(str(shutil.which(name)))
        self.reset()

    def reset(self) -> None:
        shutil.rmtree(self.state, ignore_errors=True)
        self.state.mkdir()
        (self.state / "platform").write_text("linux/amd64\n")
        (self.bin / "docker").write_text(DOCKER)
        (self.bin / "docker").chmod(0o755)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": str(self.bin), "STAND_IN": str(self.state)}
        return deployer(self.checkout.root, *arguments, environment=environment)

    def calls(self) -> list[str]:
        file = self.state / "calls"
        return [line.split()[0] for line in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    made = Bench(tmp_path_factory.mktemp("bench"))
    yield made
    made.checkout.deployer("local", "down")


@pytest.fixture
def bench(world: Bench) -> Iterator[Bench]:
    world.reset()
    yield world
    world.checkout.git("checkout", "--quiet", ".")


def test_a_build_needs_no_aws_and_names_the_commit(bench: Bench) -> None:
    done = bench.run("image", "build", "staging", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    head = subprocess.run(
        ["git", "-C", bench.checkout.root, "rev-parse", "HEAD"], capture_output=True, text=True, check=True
    ).stdout.strip()
    assert (made["did"], made["tag"], made["tool"], made["digest"]) == ("built", head, "docker", None)
    assert (bench.state / "context").read_text().split() == [
        ".dockerignore",
        "Dockerfile",
        "ansari_whatsapp",
        "requirements-service.lock",
        "requirements-tools.lock",
    ]


def test_a_changed_checkout_is_refused_but_for_the_local_world(bench: Bench) -> None:
    (bench.checkout.root / "ansari_whatsapp" / "app.py").write_text("changed = True\n")
    done = bench.run("image", "build", "staging")
    assert (done.returncode, done.stdout, bench.calls()) == (4, "", [])
    assert "nothing was built" in done.stderr
    made = json.loads(bench.run("image", "build", "local", "--json").stdout)
    assert "-dirty-" in made["tag"]
    assert made["tag"].endswith("-built")


def test_no_tool_at_all(bench: Bench) -> None:
    (bench.bin / "docker").unlink()
    done = bench.run("image", "build", "staging")
    assert (done.returncode, done.stdout) == (1, "")
    assert "no docker, no podman, no buildah" in done.stderr


def test_a_tool_that_cannot_be_started_is_no_defect(bench: Bench) -> None:
    (bench.bin / "docker").write_text("#!/nowhere/sh\n")
    done = bench.run("image", "build", "local")
    bench.reset()
    assert done.returncode == 1
    assert "docker cannot build images here" in done.stderr
    assert "why: docker: No such file or directory" in done.stderr


def test_a_client_without_its_engine(bench: Bench) -> None:
    (bench.state / "no-engine").touch()
    done = bench.run("image", "build", "staging")
    assert (done.returncode, bench.calls()) == (1, ["version"])
    assert "docker cannot build images here" in done.stderr
    assert "why: Cannot connect to the Docker daemon" in done.stderr


def test_doctor_tells_a_client_without_its_engine(bench: Bench) -> None:
    (bench.state / "no-engine").touch()
    found = json.loads(bench.run("doctor", "staging", "--json").stdout)["findings"]
    (images,) = (finding for finding in found if finding["about"] == "images")
    assert images["state"] == "note"
    assert "Cannot connect to the Docker daemon" in images["says"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("staging", "--tool", "kaniko"), "one of docker, podman, buildah"),
        (("staging", "--tool", ""), "--tool: it is empty"),
        (("staging", "--base", ""), "--base: it is empty"),
        (("nowhere",), "there is no environment"),
    ],
)
def test_a_wrong_command_line(bench: Bench, arguments: tuple[str, ...], told: str) -> None:
    done = bench.run("image", "build", *arguments)
    assert (done.returncode, done.stdout) == (3, "")
    assert told in done.stderr


def test_a_reconcile_builds_only_the_commit(bench: Bench) -> None:
    done = bench.run("reconcile", "staging", "--build", "--image", "other")
    assert (done.returncode, bench.calls()) == (3, [])


def test_a_build_that_fails_says_what_the_tool_said(bench: Bench) -> None:
    (bench.state / "broken").touch()
    done = bench.run("image", "build", "staging")
    assert (done.returncode, done.stdout) == (1, "")
    assert "why: ERROR: failed to solve: a step failed" in done.stderr


def test_an_image_for_another_platform_is_never_pushed(bench: Bench) -> None:
    (bench.state / "platform").write_text("linux/arm64\n")
    done = bench.run("image", "push", "local", "--create-repository")
    assert (done.returncode, done.stdout) == (1, "")
    assert "the image is for linux/arm64, and App Runner runs linux/amd64; nothing was pushed" in done.stderr
    assert "push" not in bench.calls()


def test_a_registry_that_cannot_be_reached(bench: Bench) -> None:
    done = bench.run("image", "push", "local", "--create-repository")
    assert (done.returncode, done.stdout) == (6, "")
    assert "; repository ansari-whatsapp was made" in done.stderr
    assert "why: the registry cannot be reached: dial tcp 10.0.0.1:443" in done.stderr
    assert bench.calls() == ["version", "build", "image", "login", "tag", "push"]
    password = (bench.state / "password").read_text()
    assert len(password) > 20
    assert password not in (bench.state / "calls").read_text() + done.stderr
    assert aws.ecr(bench.checkout).list_images(repositoryName="ansari-whatsapp")["imageIds"] == []


def test_an_image_that_was_pushed_and_cannot_be_looked_at_is_not_known(bench: Bench) -> None:
    """The push itself takes away the right to look."""
    faults = f"{bench.checkout.endpoint}/_local/faults"
    refusal = {"refuse": {"call": "ecr:DescribeImages", "code": "AccessDeniedException"}}
    push = bench.state / "push"
    bearer = bench.checkout.keys.bearer
    put = f"httpx.put({faults!r}, json={refusal!r}, headers={bearer!r}).raise_for_status()"
    push.write_text(f"#!{sys.executable}\nimport httpx; {put}\n")
    push.chmod(0o755)
    try:
        done = bench.run("image", "push", "local", "--create-repository")
    finally:
        httpx.delete(faults, headers=bearer).raise_for_status()
    assert (done.returncode, done.stdout) == (6, "")
    assert "was pushed and cannot be read back" in done.stderr
    assert "ecr:DescribeImages" in done.stderr


def test_an_image_of_another_platform_in_ecr_is_refused(bench: Bench) -> None:
    bench.run("image", "push", "local", "--create-repository")
    tag = json.loads(bench.run("image", "build", "local", "--json").stdout)["tag"]
    manifest = {"schemaVersion": 2, "manifests": [{"platform": {"os": "linux", "architecture": "arm64"}}]}
    aws.ecr(bench.checkout).put_image(
        repositoryName="ansari-whatsapp",
        imageTag=tag,
        imageManifest=json.dumps(manifest),
        imageManifestMediaType="application/vnd.oci.image.index.v1+json",
    )
    bench.reset()
    done = bench.run("image", "push", "local")
    assert (done.returncode, done.stdout, bench.calls()) == (4, "", [])
    assert "for linux/arm64, and App Runner runs linux/amd64" in done.stderr
