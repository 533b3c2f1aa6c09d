from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path

import pytest

from deployer.apps.app import Image
from deployer.errors import DeployerError, UsageError
from deployer.image.snapshot import take

IMAGE = Image(source=("ansari_whatsapp",), command=("python", "-m", "ansari_whatsapp"))


def git(root: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=tester", "-c", "user.email=tester@example.invalid"]
    done = subprocess.run(["git", "-C", str(root), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    (root / "ansari_whatsapp").mkdir(parents=True)
    (root / "ansari_whatsapp" / "__main__.py").write_text("print('one')\n")
    (root / "other.txt").write_text("not part of the service\n")
    (root / ".gitignore").write_text("*.log\n")
    git(root, "init", "--quiet")
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "one")
    return root


def contents(layout: Path, digest: str) -> dict[str, bytes]:
    def blob(name: str) -> bytes:
        data = (layout / "blobs" / "sha256" / name.removeprefix("sha256:")).read_bytes()
        assert hashlib.sha256(data).hexdigest() == name.removeprefix("sha256:")
        return data

    manifest = json.loads(blob(digest))
    blob(manifest["config"]["digest"])
    [layer] = manifest["layers"]
    with tarfile.open(fileobj=io.BytesIO(blob(layer["digest"]))) as tar:
        files = {}
        for member in tar.getmembers():
            stream = tar.extractfile(member)
            assert stream is not None
            files[member.name] = stream.read()
    return files


def test_a_commit_is_its_service_and_its_tag_is_the_sha(checkout: Path, tmp_path: Path) -> None:
    snapshot = take(checkout, tmp_path / "layout", IMAGE)
    assert snapshot.tag == git(checkout, "rev-parse", "HEAD")
    assert contents(tmp_path / "layout", snapshot.digest) == {"app/ansari_whatsapp/__main__.py": b"print('one')\n"}


def test_one_commit_has_one_digest_wherever_it_is_taken(checkout: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(checkout), str(clone))
    assert take(clone, tmp_path / "a", IMAGE) == take(checkout, tmp_path / "b", IMAGE)


def test_a_changed_tree_is_taken_as_it_is_and_marked(checkout: Path, tmp_path: Path) -> None:
    clean = take(checkout, tmp_path / "layout", IMAGE)
    (checkout / "ansari_whatsapp" / "__main__.py").write_text("print('two')\n")
    (checkout / "ansari_whatsapp" / "new.py").write_text("")
    (checkout / "ansari_whatsapp" / "noise.log").write_text("ignored by git")
    dirty = take(checkout, tmp_path / "layout", IMAGE)
    assert dirty.tag.startswith(f"{clean.tag}-dirty-")
    assert contents(tmp_path / "layout", dirty.digest) == {
        "app/ansari_whatsapp/__main__.py": b"print('two')\n",
        "app/ansari_whatsapp/new.py": b"",
    }
    assert contents(tmp_path / "layout", clean.digest)["app/ansari_whatsapp/__main__.py"] == b"print('one')\n"


def test_files_outside_the_service_do_not_make_it_dirty(checkout: Path, tmp_path: Path) -> None:
    clean = take(checkout, tmp_path / "layout", IMAGE)
    (checkout / "other.txt").write_text("changed\n")
    assert take(checkout, tmp_path / "layout", IMAGE) == clean


def test_a_deleted_file_is_not_in_it(checkout: Path, tmp_path: Path) -> None:
    (checkout / "ansari_whatsapp" / "more.py").write_text("")
    git(checkout, "add", "--all")
    (checkout / "ansari_whatsapp" / "more.py").unlink()
    snapshot = take(checkout, tmp_path / "layout", IMAGE)
    assert list(contents(tmp_path / "layout", snapshot.digest)) == ["app/ansari_whatsapp/__main__.py"]


def test_outside_of_git_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(DeployerError, match="git status failed"):
        take(tmp_path, tmp_path / "layout", IMAGE)


def test_a_checkout_without_the_service_says_so(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "rm", "-r", "--quiet", "ansari_whatsapp")
    git(checkout, "commit", "--quiet", "--message", "gone")
    with pytest.raises(DeployerError):
        take(checkout, tmp_path / "layout", IMAGE)


@pytest.mark.parametrize("image", [Image(), Image(source=("notes.py",)), Image(command=("python", "notes.py"))])
def test_without_code_or_command_it_says_what_to_write(checkout: Path, tmp_path: Path, image: Image) -> None:
    with pytest.raises(UsageError, match="does not say what the local world runs"):
        take(checkout, tmp_path / "layout", image)


def test_the_code_may_be_single_files(checkout: Path, tmp_path: Path) -> None:
    snapshot = take(checkout, tmp_path / "layout", Image(source=("other.txt",), command=("python", "other.txt")))

    assert list(contents(tmp_path / "layout", snapshot.digest)) == ["app/other.txt"]
