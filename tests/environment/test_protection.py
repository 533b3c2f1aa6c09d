"""No manifest at another location, on another branch or in another clone loosens an environment's protection."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from deployer.environment.consent import Consent
from deployer.environment.protection import check_steps, protections
from deployer.errors import DeployerError, Refused
from deployer.git import committed
from deployer.manifest.load import load_manifest
from deployer.manifest.problem import InvalidManifest
from tests.samples import sample_text

STRICT = "protect: {confirm: true, branches: [main], clean_tree: true, healthy_in: staging}"
LOOSE = "protect: {confirm: false, branches: [], clean_tree: false}"
FINGERPRINT = "0123456789ab"


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=tester", "-c", "user.email=tester@example.invalid")
    subprocess.run(["git", "-C", str(root), *identity, *arguments], check=True, capture_output=True)


def commit(root: Path) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", "another")


def text(protect: str = STRICT) -> str:
    found = sample_text("production")
    assert STRICT in found
    return found.replace(STRICT, protect)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout of a feature branch whose manifest is that of main."""
    root = tmp_path / "project"
    write(root / "env" / "production.yaml", text())
    (root / "pyproject.toml").touch()
    git(root, "init", "--quiet", "--initial-branch", "main")
    commit(root)
    git(root, "switch", "--quiet", "--create", "feature")
    monkeypatch.chdir(root)
    return root


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def deploy(path: Path) -> None:
    check_steps(load_manifest(path), FINGERPRINT, Consent(approved=FINGERPRINT))


def copied(root: Path) -> Path:
    return write(root / "alt" / "production.yaml", text(LOOSE))


def nested(root: Path) -> Path:
    """With an env/ and a pyproject.toml of its own, as the project's root has."""
    (root / "alt").mkdir()
    (root / "alt" / "pyproject.toml").touch()
    return write(root / "alt" / "env" / "production.yaml", text(LOOSE))


def committed_copy(root: Path) -> Path:
    path = copied(root)
    commit(root)
    return path


def linked_file(root: Path) -> Path:
    path = root / "env" / "production.yaml"
    path.unlink()
    path.symlink_to(copied(root))
    return path


def linked_folder(root: Path) -> Path:
    copied(root)
    (root / "env").rename(root / "was")
    (root / "env").symlink_to(root / "alt")
    return root / "env" / "production.yaml"


def linked_folder_committed(root: Path) -> Path:
    path = linked_folder(root)
    commit(root)
    return path


def dots(root: Path) -> Path:
    copied(root)
    return root / "env" / ".." / "alt" / "production.yaml"


def outside(root: Path) -> Path:
    return write(root.parent / "elsewhere" / "production.yaml", text(LOOSE))


def renamed(root: Path) -> Path:
    """Another environment by name, with the service and the parameters of this one."""
    (root / "env" / "production.yaml").unlink()
    return write(root / "env" / "other.yaml", text(LOOSE).replace("environment: production", "environment: other"))


def renamed_and_committed(root: Path) -> Path:
    path = renamed(root)
    commit(root)
    return path


def loosened_on_the_branch(root: Path) -> Path:
    path = write(root / "env" / "production.yaml", text(LOOSE))
    commit(root)
    return path


def allowed_on_the_branch(root: Path) -> Path:
    path = write(root / "env" / "production.yaml", text(LOOSE.replace("[]", "[main, feature]")))
    commit(root)
    return path


def orphan(root: Path) -> Path:
    git(root, "switch", "--quiet", "--orphan", "other")
    return write(root / "env" / "production.yaml", text(LOOSE))


def detached(root: Path) -> Path:
    git(root, "switch", "--quiet", "--detach")
    return loosened_on_the_branch(root)


def invalid(root: Path) -> Path:
    git(root, "branch", "--delete", "--force", "main")
    write(root / "env" / "production.yaml", "app: [\n")
    commit(root)
    return write(root / "env" / "production.yaml", text(LOOSE))


def worktree(root: Path) -> Path:
    git(root, "worktree", "add", "--quiet", "-b", "other", str(root.parent / "worktree"))
    return write(root.parent / "worktree" / "env" / "production.yaml", text(LOOSE))


def second_clone(root: Path) -> Path:
    clone = root.parent / "clone"
    git(root, "clone", "--quiet", str(root), str(clone))
    return loosened_on_the_branch(clone)


def unrelated_repository(root: Path) -> Path:
    other = root.parent / "unrelated"
    path = write(other / "env" / "production.yaml", text(LOOSE))
    git(other, "init", "--quiet")
    commit(other)
    return path


WAYS = (
    copied,
    nested,
    committed_copy,
    linked_file,
    linked_folder,
    linked_folder_committed,
    dots,
    outside,
    renamed,
    renamed_and_committed,
    loosened_on_the_branch,
    allowed_on_the_branch,
    orphan,
    detached,
    invalid,
    worktree,
    second_clone,
    unrelated_repository,
)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_no_location_loosens_the_protection(project: Path, way: Callable[[Path], Path]) -> None:
    path = way(project)
    with pytest.raises(Refused) as raised:
        deploy(path)
    assert "production.yaml of " in raised.value.why


def test_a_clone_counts_with_the_branches_of_its_remote(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git(project, "switch", "--quiet", "main")
    path = second_clone(project)
    monkeypatch.chdir(path.parents[1])
    assert load_manifest(path).manifest.protect.confirm is False
    assert any(protect.confirm for protect in protections(load_manifest(path)))


def test_the_variables_of_git_do_not_name_another_repository(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", str(unrelated_repository(project).parents[1] / ".git"))
    with pytest.raises(Refused):
        deploy(copied(project))


def test_the_committed_manifest_is_deployed_from_its_branch(project: Path) -> None:
    git(project, "switch", "--quiet", "main")
    deploy(project / "env" / "production.yaml")


def test_an_equal_copy_is_accepted_and_protected(project: Path) -> None:
    copy = write(project / "alt" / "production.yaml", text())
    with pytest.raises(Refused, match=r"protect\.branches"):
        deploy(copy)


def test_a_commit_on_the_branch_that_deploys_loosens(project: Path) -> None:
    git(project, "switch", "--quiet", "main")
    path = loosened_on_the_branch(project)
    assert [protect.confirm for protect in protections(load_manifest(path))] == [False]
    deploy(path)


def test_a_new_environment_needs_no_commit(project: Path) -> None:
    new = text(LOOSE).replace("production", "fresh")
    deploy(write(project / "env" / "fresh.yaml", new))


def test_outside_of_any_repository_the_file_itself_protects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "env" / "production.yaml", text(LOOSE))
    monkeypatch.chdir(tmp_path)
    assert protections(load_manifest(path)) == (load_manifest(path).manifest.protect,)


def test_a_manifest_that_was_never_valid_protects_nothing_and_is_refused(project: Path) -> None:
    path = write(project / "env" / "broken.yaml", "app: [\n")
    commit(project)
    write(path, text(LOOSE).replace("production", "broken"))
    with pytest.raises(Refused, match="no earlier commit has a valid one"):
        deploy(path)


def test_an_unreadable_repository_is_not_the_same_as_none(project: Path) -> None:
    path = copied(project)
    (project / ".git" / "HEAD").write_text("")
    with pytest.raises(DeployerError) as raised:
        deploy(path)
    assert not isinstance(raised.value, InvalidManifest)


def test_a_worktree_without_its_repository_is_not_the_same_as_none(project: Path, tmp_path: Path) -> None:
    path = write(tmp_path / "pruned" / "env" / "production.yaml", text(LOOSE))
    (tmp_path / "pruned" / ".git").write_text(f"gitdir: {project}/.git/worktrees/none\n")
    with pytest.raises(DeployerError, match="git rev-parse failed"):
        deploy(path)


def test_what_is_committed_is_none_only_where_it_is_absent(project: Path, tmp_path: Path) -> None:
    assert committed(project / "env", "production.yaml") == text().encode()
    assert committed(project / "env", "absent.yaml") is None
    assert committed(tmp_path, "production.yaml") is None
