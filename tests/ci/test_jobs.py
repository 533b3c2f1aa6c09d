"""The steps of the jobs, run by bash in their order as GitHub's runner does, against the local world."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import loopback
from tests.ci.files import read, runner, scripts, shell
from tests.ci.repository import Repository
from tests.docs.world import TOOLS, World, missing_tools

pytestmark = [pytest.mark.timeout(240), pytest.mark.skipif(missing_tools(), reason=TOOLS)]


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    world = World(tmp_path_factory.mktemp("pipeline"))
    made = Repository(world, tmp_path_factory.mktemp("runner"))
    made.give_secrets("staging", "production")
    yield made
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
    fingerprint = repository.output("id")
    assert len(fingerprint) == 12
    assert fingerprint in summary
    repository.failing_job("deploy.yml", "deploy-production", PLAN=fingerprint)
    assert "this plan was not approved for production" in repository.shown
    repository.set_reviewers("production")
    summary = repository.job("deploy.yml", "deploy-production", PLAN=fingerprint)
    assert "Release 1" in summary
    assert repository.released("production") in summary


def test_what_is_as_it_should_be_asks_nobody(repository: Repository) -> None:
    (repository.temp / "output").write_text("")
    repository.job("deploy.yml", "plan-production")
    assert repository.output("id") == ""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("environment: staging", "enviroment: staging", "did you mean environment"),
        (
            "logging-level: {kind: literal, value: DEBUG}",
            "logging-level: {kind: literal, value: LOUD}",
            "LOGGING_LEVEL",
        ),
    ],
)
@pytest.mark.parametrize(("file", "name"), [("plan.yml", "plan-staging")])
def test_where_there_is_no_plan_the_comment_says_why(
    repository: Repository, old: str, new: str, said: str, file: str, name: str
) -> None:
    manifest = repository.root / "env" / "staging.yaml"
    text = manifest.read_text()
    assert text.count(old) == 1, text
    manifest.write_text(text.replace(old, new))
    try:
        summary = repository.failing_job(file, name)
    finally:
        manifest.write_text(text)
    assert summary.startswith("### staging: there is no plan\n")
    assert said in summary
    assert (repository.temp / "plan.md").read_text() == summary


def test_a_deployment_that_is_refused_says_so_in_its_summary(repository: Repository) -> None:
    bearer = repository.world.checkout.keys.bearer
    faults = f"{repository.world.checkout.endpoint}/_local/faults"
    source = repository.root / "ansari_whatsapp" / "notices.py"
    source.write_text(source.read_text() + "\n")
    repository.commit("another image")
    loopback.put(faults, json={"refuse": {"call": "ecr:PutImage"}}, headers=bearer)
    summary = repository.failing_job("deploy.yml", "deploy-staging")
    loopback.put(faults, json={}, headers=bearer)
    assert "error: AWS refused ecr:PutImage" in summary


def test_a_look_for_drift_finds_none(repository: Repository) -> None:
    job = read(repository.root / ".github" / "workflows" / "drift.yml")["jobs"]["staging"]
    look = next(iter(scripts(job)))
    done = shell(look["run"], repository.root, runner(repository.temp) | {"PYTHONPATH": str(repository.root)})
    assert done.returncode == 0, done.stderr
    assert "staging has not drifted" in done.stdout


def test_a_push_to_an_environment_that_is_paused_as_declared_ends_with_a_notice(repository: Repository) -> None:
    manifest = repository.root / "env" / "staging.yaml"
    text = manifest.read_text()
    declared = text.replace("on_unhealthy: rollback\n", "on_unhealthy: rollback\n  paused: true\n")
    assert declared != text
    manifest.write_text(declared)
    repository.commit("pause staging")
    assert "staging is paused, as env/staging.yaml declares" in repository.job("deploy.yml", "deploy-staging")
    manifest.write_text(declared.replace("max: 25", "max: 24"))
    repository.commit("scale a paused service")
    summary = repository.job("deploy.yml", "deploy-staging")
    assert "Not deployed: staging is paused as declared, and " in summary
    assert "::notice title=Not deployed::staging is paused as its manifest declares" in repository.shown
    assert repository.service("staging")["Status"] == "PAUSED"
    manifest.write_text(text)
    repository.commit("staging again")
    assert "--old-release-first" in repository.failing_job("deploy.yml", "deploy-staging")
    assert repository.deployer("resume", "staging", "--old-release-first").returncode == 0
    repository.job("deploy.yml", "deploy-staging")
    assert repository.service("staging")["Status"] == "RUNNING"


def test_a_rollback_takes_the_release_that_was_named(repository: Repository) -> None:
    summary = repository.job("rollback.yml", "rollback-staging", RELEASE="1")
    assert summary.startswith("## staging\n")
    assert "back to release 1" in summary
    assert "no other deployment until: just resume staging" in summary


def test_a_push_to_a_held_environment_ends_with_a_notice_and_deploys_nothing(repository: Repository) -> None:
    before = repository.released("staging")
    summary = repository.job("deploy.yml", "deploy-staging")
    assert "Not deployed: staging is held by " in summary
    assert "::notice title=Not deployed::staging is held" in repository.shown
    assert repository.released("staging") == before
    assert repository.deployer("hold", "production", "--reason", "an incident").returncode == 0
    (repository.temp / "output").write_text("")
    manifest = repository.root / "env" / "production.yaml"
    manifest.write_text(manifest.read_text().replace("max: 25", "max: 24"))
    summary = repository.job("deploy.yml", "plan-production")
    assert "an incident" in summary
    assert repository.output("id") == ""
    assert "::notice title=Not deployed::production is held" in repository.shown
