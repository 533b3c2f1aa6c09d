"""The steps of the jobs, run by bash in their order as GitHub's runner does, against the local world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.ci.files import read, runner, scripts, shell
from tests.docs.world import SECRETS, TOOLS, World, missing_tools
from tests.e2e import aws

pytestmark = [pytest.mark.timeout(240), pytest.mark.skipif(missing_tools(), reason=TOOLS)]


class Repository:
    """A checkout whose workflows are those of its own manifests, and the runner of a job in it."""

    def __init__(self, world: World, temp: Path) -> None:
        self.world, self.root, self.temp = world, world.checkout.root, temp

    def job(self, file: str, name: str, **given: str) -> str:
        """Every step of shell; returns the summary. `given` is what the steps' `env` holds.

        The local world makes its images of the source by itself, and has no tool to build one.
        """
        job: dict[str, Any] = read(self.root / ".github" / "workflows" / file)["jobs"][name]
        env = runner(self.temp) | given
        env |= {"PYTHONPATH": str(self.root), "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
        Path(env["GITHUB_STEP_SUMMARY"]).write_text("")
        for step in scripts(job):
            done = shell(step["run"].replace(" --build", ""), self.root, env)
            assert done.returncode == 0, step["name"] + done.stdout + done.stderr
        return Path(env["GITHUB_STEP_SUMMARY"]).read_text()

    def released(self, environment: str) -> str:
        """The release that the service answers with."""
        listed = aws.apprunner(self.world.checkout).list_services()["ServiceSummaryList"]
        (url,) = [one["ServiceUrl"] for one in listed if one["ServiceName"] == f"ansari-{environment}-whatsapp"]
        return str(httpx.get(f"http://{url}").headers["X-App-Release"])


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    world = World(tmp_path_factory.mktemp("pipeline"))
    checkout = world.checkout
    assert checkout.deployer("ci", "render").returncode == 0
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--message", "the environments of this world")
    assert checkout.deployer("local", "up").returncode == 0
    for name in ("staging", "production"):
        for secret, value in SECRETS.items():
            done = checkout.deployer("secret", "set", name, secret, stdin=value.format(name))
            assert done.returncode == 0, done.stderr
    yield Repository(world, tmp_path_factory.mktemp("runner"))
    world.close()


def test_a_push_deploys_and_the_summary_tells_it(repository: Repository) -> None:
    summary = repository.job("deploy.yml", "deploy-staging")
    assert summary.startswith("## staging\n")
    assert "Release 1" in summary
    assert repository.released("staging") in summary


def test_after_a_merge_the_image_of_staging_is_what_production_gets_with_consent(repository: Repository) -> None:
    """The merge is a commit of its own, for which nothing was built."""
    git = repository.world.checkout.git
    git("branch", "develop")
    git("commit", "--quiet", "--allow-empty", "--message", "a commit of main alone")
    git("merge", "--quiet", "--no-ff", "--message", "Merge develop", "develop")
    summary = repository.job("deploy.yml", "plan-production")
    assert "production" in summary
    fingerprint = output(repository, "id")
    assert len(fingerprint) == 12
    assert fingerprint in summary
    summary = repository.job("deploy.yml", "deploy-production", PLAN=fingerprint)
    assert "Release 1" in summary
    assert repository.released("production") in summary


def test_what_is_as_it_should_be_asks_nobody(repository: Repository) -> None:
    (repository.temp / "output").write_text("")
    repository.job("deploy.yml", "plan-production")
    assert output(repository, "id") == ""


def test_a_look_for_drift_finds_none(repository: Repository) -> None:
    job = read(repository.root / ".github" / "workflows" / "drift.yml")["jobs"]["staging"]
    look = next(iter(scripts(job)))
    done = shell(look["run"], repository.root, runner(repository.temp) | {"PYTHONPATH": str(repository.root)})
    assert done.returncode == 0, done.stderr
    assert "staging has not drifted" in done.stdout


def test_a_rollback_takes_the_release_that_was_named(repository: Repository) -> None:
    summary = repository.job("rollback.yml", "rollback-staging", RELEASE="1")
    assert summary.startswith("## staging\n")
    assert "staging is as in release 1" in summary


def output(repository: Repository, name: str) -> str:
    lines = (repository.temp / "output").read_text().splitlines()
    return next((line.removeprefix(f"{name}=") for line in lines if line.startswith(f"{name}=")), "")
