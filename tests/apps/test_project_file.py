"""The project's deployer.yaml, and a project without one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from deployer.apps.app import App
from deployer.apps.project_file import read_app
from deployer.apps.settings import settings_class
from deployer.manifest.problem import InvalidManifest, Problem
from tests import ready
from tests.samples import install_manifests


def refused(root: Path, text: str) -> tuple[Problem, ...]:
    (root / "deployer.yaml").write_text(text)
    with pytest.raises(InvalidManifest) as refusal:
        settings_class(read_app(root), root)
    return refusal.value.problems


def test_without_a_file_nothing_is_known(tmp_path: Path) -> None:
    assert read_app(tmp_path) == App()
    assert settings_class(App(), tmp_path) is None


@pytest.mark.parametrize("text", ["# nothing is known\n", "{}\n"])
def test_an_empty_file_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "deployer.yaml").write_text(text)

    assert read_app(tmp_path) == App()


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("\nsetings: notes:Settings\n", 2, "deployer.yaml has no key setings"),
        ("settings: notes.settings\n", 1, "settings has to be a class, as MODULE:CLASS"),
        ("settings: [notes]\n", 1, "settings has to be a valid string"),
        ("- settings\n", 1, "this file has to be a group of keys"),
        ("settings: absent_module:Settings\n", 1, "the settings class absent_module:Settings cannot be used"),
        ("settings: json:loads\n", 1, "the settings class json:loads cannot be used"),
        ("settings: json:Settings\n", 1, "the settings class json:Settings cannot be used"),
    ],
)
def test_each_mistake_is_told_with_its_line(tmp_path: Path, text: str, line: int, what: str) -> None:
    [problem] = refused(tmp_path, text)

    assert (problem.line, problem.what) == (line, what)
    assert problem.file.endswith("deployer.yaml")
    assert problem.fix


def test_the_settings_class_is_that_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "notes_settings.py").write_text("import pydantic\nclass Settings(pydantic.BaseModel):\n    word: str\n")
    path = list(sys.path)
    found = settings_class(App(settings="notes_settings:Settings"), tmp_path)
    del sys.modules["notes_settings"]

    assert found is not None
    assert list(found.model_fields) == ["word"]
    assert sys.path == path


def test_check_says_what_it_cannot_say(tmp_path: Path) -> None:
    install_manifests(tmp_path)
    (tmp_path / "deployer.yaml").write_text("# nothing is known\n")

    done = ready.deployer(tmp_path, "check", "staging")

    assert done.returncode == 0, done.stderr
    assert done.stdout == (
        "env/staging.yaml: good (5 secrets, 10 literals)\n"
        "  not checked: whether the service starts with these variables: deployer.yaml names no settings class\n"
    )


def test_check_tells_a_mistake_in_the_project_file_once(tmp_path: Path) -> None:
    install_manifests(tmp_path)
    (tmp_path / "deployer.yaml").write_text("settings: absent_module:Settings\n")

    done = ready.deployer(tmp_path, "check")

    assert done.returncode == 3
    assert done.stderr.count("absent_module:Settings cannot be used") == 1
