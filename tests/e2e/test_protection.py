"""A protected environment, beside one that is not, in one local world."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.e2e import aws
from tests.e2e.checkout import Checkout, write_second

pytestmark = pytest.mark.timeout(240)
UNPROTECTED = "protect: {confirm: false, branches: [], clean_tree: false}"
NOT_SATISFIED = (
    ("protect: {confirm: true, clean_tree: false}", "there is no terminal"),
    ("protect: {confirm: false, clean_tree: false, branches: [release]}", "is deployed from release"),
    ("protect: {confirm: false, clean_tree: true}", "takes committed changes only"),
)


@pytest.fixture(scope="module")
def deployed(checkout: Checkout) -> Checkout:
    done = checkout.deployer("reconcile", "local")
    assert done.returncode == 0, done.stderr
    return checkout


@pytest.mark.parametrize(
    ("protect", "words"),
    NOT_SATISFIED,
)
def test_what_is_not_satisfied_is_refused_and_changes_nothing(deployed: Checkout, protect: str, words: str) -> None:
    write_second(deployed, UNPROTECTED, protect)
    done = deployed.deployer("reconcile", "second")
    assert done.returncode == 4, done.stdout + done.stderr
    assert words in done.stderr
    found = aws.ssm(deployed).get_parameters_by_path(Path="/app-runtime/ansari-whatsapp/second")
    assert found["Parameters"] == []


def test_an_image_has_to_be_healthy_elsewhere_first(deployed: Checkout) -> None:
    write_second(deployed, UNPROTECTED, "protect: {confirm: false, clean_tree: false, healthy_in: local}")
    source = deployed.root / "ansari_whatsapp" / "notices.py"
    original = source.read_text()
    source.write_text(original + "\n")
    try:
        done = deployed.deployer("reconcile", "second")
    finally:
        source.write_text(original)
    assert done.returncode == 4, done.stdout + done.stderr
    assert "never healthy in local" in done.stderr
    done = deployed.deployer("reconcile", "second")
    assert done.returncode == 0, done.stderr
    assert "Release 1" in done.stdout


@pytest.mark.parametrize(("typed", "code"), [("local", 4), ("", 4), ("second", 0)])
def test_a_person_types_the_name(deployed: Checkout, typed: str, code: int) -> None:
    write_second(deployed, UNPROTECTED, "protect: {confirm: true, clean_tree: false}")
    aws.ssm(deployed).delete_parameters(Names=["/app-runtime/ansari-whatsapp/second/logging-level"])
    person, terminal = os.openpty()
    try:
        os.write(person, f"{typed}\n".encode())
        done = subprocess.run(
            [sys.executable, "-m", "deployer", "reconcile", "second"],
            cwd=deployed.root,
            stdin=terminal,
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        os.close(person)
        os.close(terminal)
    assert "Type the environment's name" in done.stderr
    assert done.returncode == code, done.stderr


@pytest.mark.parametrize(
    ("protect", "words"),
    [*NOT_SATISFIED, ("protect: {confirm: true, clean_tree: false}", "is not destroyed (protect.confirm)")],
)
def test_an_edit_that_nobody_committed_loosens_nothing(deployed: Checkout, protect: str, words: str) -> None:
    write_second(deployed, UNPROTECTED, protect)
    deployed.git("add", "env/second.yaml")
    deployed.git("commit", "--quiet", "--message", "protected", "env/second.yaml")
    try:
        write_second(deployed, UNPROTECTED, "protect: {confirm: false, clean_tree: false}  # loosened")
        aws.ssm(deployed).delete_parameters(Names=["/app-runtime/ansari-whatsapp/second/logging-level"])
        done = deployed.deployer("destroy" if "destroyed" in words else "reconcile", "second")
    finally:
        deployed.git("reset", "--quiet", "--soft", "HEAD~1")
        deployed.git("reset", "--quiet")
    assert done.returncode == 4, done.stdout + done.stderr
    assert words in done.stderr


def test_a_rollback_asks_for_consent_only(deployed: Checkout) -> None:
    """It takes nothing from this checkout, and is what one reaches for when things are bad."""
    write_second(deployed, UNPROTECTED, "protect: {confirm: false, clean_tree: false}")
    assert deployed.deployer("reconcile", "second").returncode == 0
    write_second(deployed, UNPROTECTED, "protect: {confirm: true, clean_tree: true, branches: [release]}")
    aws.ssm(deployed).delete_parameters(Names=["/app-runtime/ansari-whatsapp/second/logging-level"])
    done = deployed.deployer("rollback", "second", "--to", "1")
    assert done.returncode == 4
    assert "there is no terminal" in done.stderr
    fingerprint = done.stderr.rpartition("--approve ")[2].strip()
    assert deployed.deployer("rollback", "second", "--to", "1", "--approve", fingerprint).returncode == 0
