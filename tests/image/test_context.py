"""What an image is built from."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deployer.apps.app import Image
from deployer.errors import DeployerError
from deployer.image.context import read_context


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name, text in {"Dockerfile": "FROM a\n", "other.dockerfile": "FROM b\n", "notes.py": "code\n"}.items():
        (tmp_path / name).write_text(text)
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.invalid"]
    for words in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message", "one"]):
        subprocess.run(["git", "-C", str(tmp_path), *identity, *words], check=True)
    return tmp_path


def test_a_dockerfile_of_another_name_gets_the_name_that_builders_look_for(checkout: Path) -> None:
    image = Image(dockerfile="other.dockerfile", source=("notes.py",))

    assert read_context(checkout, image, allow_changes=False).files == {
        "Dockerfile": b"FROM b\n",
        "notes.py": b"code\n",
    }


def test_a_file_that_is_not_committed_is_named(checkout: Path) -> None:
    image = Image(source=("notes.py",), files=("requirements.txt",))

    (checkout / "notes.py").write_text("changed\n")
    with pytest.raises(DeployerError, match=r"holds no requirements\.txt"):
        read_context(checkout, image, allow_changes=True)
