"""What is another environment's is neither changed nor deleted, whatever a copied manifest says."""

from __future__ import annotations

import re

import pytest

from tests.e2e import aws, tiny
from tests.e2e.checkout import Checkout

pytestmark = pytest.mark.timeout(240)
NAME = "ansari-local-whatsapp"


@pytest.fixture(scope="module")
def world(checkout: Checkout) -> Checkout:
    """`third` is a copy of `local` that nobody has finished; it is protected by nothing."""
    tiny.commit(checkout)
    assert checkout.deployer("reconcile", "local").returncode == 0
    write(checkout)
    return checkout


def write(checkout: Checkout, *edits: tuple[str, str]) -> None:
    text = checkout.manifest.read_text()
    for old, new in (("environment: local\n", "environment: third\n"), *edits):
        assert old in text
        text = text.replace(old, new)
    (checkout.root / "env" / "third.yaml").write_text(text)


def held(checkout: Checkout) -> tuple[list[str], list[str]]:
    """The services, and the parameters of `local`."""
    services = [one["ServiceName"] for one in aws.apprunner(checkout).list_services()["ServiceSummaryList"]]
    pages = aws.ssm(checkout).get_paginator("get_parameters_by_path").paginate(Path=aws.PATH, Recursive=True)
    return services, [parameter["Name"] for page in pages for parameter in page["Parameters"]]


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "third"),
        ("reconcile", "third", "--prune"),
        ("rollback", "third"),
        ("verify", "third"),
        ("destroy", "third", "--with-secrets", "--approve", NAME),
        ("secret", "set", "third", "meta-app-secret"),
        ("secret", "unset", "third", "meta-app-secret", "--approve", "meta-app-secret"),
    ],
)
def test_a_copy_that_names_the_same_is_refused(world: Checkout, words: tuple[str, ...]) -> None:
    before = held(world)
    done = world.deployer(*words, stdin="a-secret-of-third")
    assert (done.returncode, done.stdout) == (3, "")
    assert re.search(r"env/third\.yaml:\d+:\d+: service\.name is that of env/local\.yaml too", done.stderr)
    assert re.search(r"env/third\.yaml:\d+:\d+: aws\.parameter_path is that of env/local\.yaml too", done.stderr)
    assert held(world) == before


def test_who_only_reads_may_do_so(world: Checkout) -> None:
    write(world)
    assert world.deployer("status", "third").returncode == 0
    assert world.deployer("diff", "local", "third").returncode == 0


@pytest.mark.parametrize("path", ["/app-runtime/ansari-whatsapp", "/app-runtime/ansari-whatsapp/local/third"])
def test_a_path_around_or_inside_anothers_is_refused(world: Checkout, path: str) -> None:
    write(world, (NAME, "ansari-third-whatsapp"), (aws.PATH, path))
    before = held(world)
    for words in (("check",), ("plan", "third"), ("reconcile", "third", "--prune")):
        done = world.deployer(*words)
        assert (done.returncode, done.stdout) == (3, "")
        assert "aws.parameter_path overlaps that of env/local.yaml" in done.stderr
    assert held(world) == before


def test_a_copy_that_nobody_has_committed_is_no_hindrance_to_what_it_was_copied_from(world: Checkout) -> None:
    write(world)
    assert world.deployer("plan", "local").returncode == 0
    world.git("add", "env/third.yaml")
    world.git("commit", "--quiet", "--message", "a copy")
    done = world.deployer("plan", "local")
    assert (done.returncode, done.stdout) == (3, "")
    assert "service.name is that of env/third.yaml too" in done.stderr
    world.git("rm", "--quiet", "--cached", "env/third.yaml")
    world.git("commit", "--quiet", "--message", "no copy")


def test_a_neighbour_that_cannot_be_read_is_left_to_itself(world: Checkout) -> None:
    (world.root / "env" / "third.yaml").write_text(f"service: {NAME}\n")
    assert world.deployer("plan", "local").returncode == 0


def test_the_tags_of_a_service_say_whose_it_is_where_its_manifest_is_not_here(world: Checkout) -> None:
    write(world)
    before = held(world)
    away = world.manifest.rename(world.root / "local.yaml")
    world.git("add", "--all", "env")
    world.git("commit", "--quiet", "--message", "a branch without the manifest of local")
    try:
        plan = world.deployer("plan", "third")
        assert plan.returncode == 3
        assert f"blocked: service {NAME} belongs to ansari-whatsapp / local, as its tags show" in plan.stdout
        gone = world.deployer("destroy", "third", "--with-secrets", "--approve", NAME)
        assert (gone.returncode, gone.stdout) == (4, "")
        assert "as its tags show; nothing was deleted" in gone.stderr
        (arn,) = re.findall(r"--resource-arn (\S+) --tag-keys app environment", plan.stdout)
        assert held(world) == before
        aws.apprunner(world).untag_resource(ResourceArn=arn, TagKeys=["app", "environment"])
        assert world.deployer("plan", "third").returncode == 0
    finally:
        away.rename(world.manifest)
        world.git("reset", "--quiet", "HEAD~1")
