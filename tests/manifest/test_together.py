"""Manifests side by side."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.together import clashes, crossed, quarrels, strangers
from tests.samples import sample_text


def loaded(name: str, old: str = "", new: str = "") -> LoadedManifest:
    text = sample_text(name)
    assert old in text
    return parse(text.replace(old, new).encode(), Path(f"env/{name}.yaml"))


def test_one_repository_deploys_them_all() -> None:
    manifests = [loaded("local"), loaded("production"), loaded("staging")]
    assert list(strangers(manifests)) == []
    manifests[2] = loaded("staging", "ansari-project/ansari-whatsapp", "somebody/ansari-whatsapp")
    (problem,) = strangers(manifests)
    assert (problem.file, problem.line) == ("env/staging.yaml", line_of("staging", "  repository: ansari-project/"))
    assert "env/production.yaml" in problem.what
    assert "ansari-project/ansari-whatsapp" in problem.what


def test_github_takes_small_and_capital_letters_as_the_same() -> None:
    other = loaded("staging", "ansari-project/ansari-whatsapp", "Ansari-Project/ansari-whatsapp")
    assert list(strangers([loaded("production"), other])) == []


def test_no_two_hold_the_same_service() -> None:
    copied = loaded("staging", "ansari-staging-whatsapp", "ansari-production-whatsapp")
    (problem,) = clashes([loaded("production"), copied])
    assert problem.line == line_of("staging", "  name: ansari-staging-whatsapp")


def test_no_two_share_an_inbox() -> None:
    def with_inbox(name: str, table: str) -> LoadedManifest:
        section = f"inbox: {{kind: dynamodb, table: {table}}}\nprotect:"
        return loaded(name, "\nprotect:", f"\n{section}")

    (problem,) = clashes([with_inbox("production", "one-inbox"), with_inbox("staging", "one-inbox")])
    assert problem.what == "inbox.table is that of env/production.yaml too"
    assert list(clashes([with_inbox("production", "one-inbox"), with_inbox("staging", "another-inbox")])) == []


@pytest.mark.parametrize("path", ["/app-runtime/ansari-whatsapp", "/app-runtime/ansari-whatsapp/production/staging"])
def test_no_path_is_around_or_inside_anothers(path: str) -> None:
    nested = loaded("staging", "/app-runtime/ansari-whatsapp/staging", path)
    for manifests in ([loaded("production"), nested], [nested, loaded("production")]):
        (problem,) = clashes(manifests)
        assert problem.what == f"aws.parameter_path overlaps that of {manifests[0].path}"
    assert list(clashes([loaded("production"), loaded("staging", "whatsapp/staging", "whatsapp/production2")])) == []


def test_a_shared_repository_keeps_one_number_of_images() -> None:
    (problem,) = quarrels([loaded("production"), loaded("staging", "keep: 30", "keep: 5")])
    assert problem.line == line_of("staging", "  keep: 30")
    assert problem.what == "image.keep is not that of env/production.yaml: 30"
    assert list(quarrels([loaded("local"), loaded("staging", "keep: 30", "keep: 5")])) == []  # another account


@pytest.mark.parametrize("jobs", ["plan", "image"])
def test_none_is_called_as_the_github_environment_of_anothers_plans(jobs: str) -> None:
    text = sample_text("staging").replace("environment: staging", f"environment: production-{jobs}")
    manifests = [loaded("production"), parse(text.encode(), Path(f"env/production-{jobs}.yaml"))]
    (problem,) = crossed(manifests)
    assert problem.line == line_of("staging", "environment: staging")
    assert problem.what.startswith(f"production-{jobs} is the GitHub environment of other jobs of env/production.yaml")
    assert list(crossed([loaded("local"), loaded("production"), loaded("staging")])) == []


def line_of(name: str, start: str) -> int:
    lines = sample_text(name).splitlines()
    (found,) = [number for number, line in enumerate(lines, 1) if line.startswith(start)]
    return found
