"""Read a checkout with git."""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final, NamedTuple

from deployer.errors import DeployerError

# Each of them makes git read another repository, or another index, than that of the folder it is asked about.
_REDIRECT: Final = (
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_NAMESPACE",
    "GIT_CEILING_DIRECTORIES",
    "GIT_REPLACE_REF_BASE",
)

_NO_REPOSITORY: Final = b"not a git repository (or any"  # other words follow where a checkout's .git points to nothing


def run_git(root: Path, *arguments: str) -> bytes:
    """Run git in `root` and return its output. Raises DeployerError with git's own words."""
    done = _run(root, arguments)
    if done.returncode:
        raise _failed(root, arguments, done.stderr)
    return done.stdout


def _fix(said: str, root: Path) -> str:
    """Return the fix for a failure, by git's message."""
    for part, fix in _FIXES:
        if part in said:
            return fix.format(root=shlex.quote(str(root)))
    return "run in a checkout of the project that has a commit"


_FIXES: Final = (
    ("dubious ownership", "git config --global --add safe.directory {root}"),
    ("index.lock", "wait until the other git command has ended; if there is none: rm {root}/.git/index.lock"),
    ("object file", "git -C {root} fsck shows what is damaged; else clone the project again"),
    ("bad config", "correct the line of git's configuration that it names"),
    ("ermission denied", "give this user access to the checkout, after: ls -ld {root}/.git"),
)


def commit(root: Path) -> str:
    """Return the full SHA of the checked-out commit."""
    return run_git(root, "rev-parse", "HEAD").decode().strip()


def committed_at(root: Path) -> int:
    """When the checked-out commit was made, in unix seconds."""
    return int(run_git(root, "log", "-1", "--format=%ct"))


def branch(root: Path) -> str:
    """Return the checked-out branch; "" if there is none."""
    return run_git(root, "branch", "--show-current").decode().strip()


class Version(NamedTuple):
    """A file as a commit has it. `when` is the commit's date, such as 2026-11-29."""

    commit: str
    when: str
    content: bytes


def versions(root: Path, name: str, limit: int = 50) -> Iterator[Version]:
    """Return the committed contents of a file of this folder, newest first: of this branch, then of all others.

    At most `limit` commits of each; none outside a checkout.
    """
    seen: set[str] = set()
    for branches in (["HEAD"], ["--branches", "--remotes"]):
        try:
            listed = run_git(root, "log", f"--max-count={limit}", "--format=%H %cs", *branches, "--", name).decode()
        except DeployerError:
            continue
        for sha, when in (line.split() for line in listed.splitlines()):
            if sha in seen:
                continue
            seen.add(sha)
            try:
                yield Version(sha, when, run_git(root, "show", f"{sha}:./{name}"))
            except DeployerError:  # this commit deleted it
                continue


def is_clean(root: Path) -> bool:
    """Return whether the checkout equals its commit, new files included."""
    return not run_git(root, "status", "--porcelain").strip()


def toplevel(folder: Path) -> Path | None:
    """Return the root of the checkout that holds a folder, symbolic links resolved; None outside any repository.

    Any other error of git is raised: a repository that cannot be read is not the same as none.
    """
    arguments = ("rev-parse", "--show-toplevel")
    done = _run(folder, arguments)
    if done.returncode and _NO_REPOSITORY in done.stderr and not _has_git(folder):
        return None
    if done.returncode:
        raise _failed(folder, arguments, done.stderr)
    return Path(os.fsdecode(done.stdout.removesuffix(b"\n"))).resolve()


def heads(root: Path) -> tuple[str, ...]:
    """Return the full names of all branches, including those of remotes."""
    listed = run_git(root, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/remotes")
    return tuple(listed.decode(errors="surrogateescape").splitlines())


def history(root: Path, ref: str, path: str, limit: int) -> tuple[str, ...]:
    """Return the last commits of a ref that changed a file, newest first."""
    listed = run_git(root, "log", "-n", str(limit), "--format=%H", "--end-of-options", ref, "--", path)
    return tuple(listed.decode().split())


def committed(root: Path, name: str) -> bytes | None:
    """Return a file of this folder as the checked-out commit has it; None if it does not have it.

    Raises DeployerError when git cannot say: an error is not the same as an absent file.
    """
    top = toplevel(root)
    if top is None:
        return None
    path = (root.resolve() / name).relative_to(top).as_posix()
    blob = objects(top, [f"HEAD:{path}"])[f"HEAD:{path}"]
    return blob.content if blob is not None and blob.kind == "blob" else None


class Object:
    """An object of a repository: `kind` is `blob`, `tree` or `commit`."""

    def __init__(self, oid: str, kind: str, content: bytes) -> None:
        self.oid, self.kind, self.content = oid, kind, content

    def entries(self) -> Mapping[str, str]:
        """Return the name of each file of a tree, and the id of its object."""
        by_name: dict[str, str] = {}
        rest, size = self.content, len(self.oid) // 2
        while rest:
            head, _, tail = rest.partition(b"\0")
            mode, _, name = head.partition(b" ")
            if mode.startswith(b"100"):
                by_name[os.fsdecode(name)] = tail[:size].hex()
            rest = tail[size:]
        return by_name


def objects(root: Path, names: Iterable[str]) -> Mapping[str, Object | None]:
    """Read objects by name, as `HEAD:env/staging.yaml`, in one process. An absent object is None."""
    asked = [name for name in dict.fromkeys(names) if "\n" not in name]
    if not asked:
        return {}
    arguments = ("cat-file", "--batch")
    done = _run(root, arguments, "".join(f"{name}\n" for name in asked).encode(errors="surrogateescape"))
    if done.returncode:
        raise _failed(root, arguments, done.stderr)
    rest, by_name = done.stdout, dict[str, Object | None]()
    for name in asked:
        line, _, rest = rest.partition(b"\n")
        words = line.rsplit(b" ", 2)
        if line.endswith((b" missing", b" ambiguous")):
            by_name[name] = None
            continue
        if len(words) != 3 or not words[2].isdigit():
            raise _failed(root, arguments, b"unexpected output: " + line)
        size = int(words[2])
        by_name[name] = Object(words[0].decode(), words[1].decode(), rest[:size])
        rest = rest[size + 1 :]
    return by_name


def _run(root: Path, arguments: Iterable[str], stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    environ = {name: value for name, value in os.environ.items() if name not in _REDIRECT} | {"LC_ALL": "C"}
    try:
        command = ["git", "--no-replace-objects", "-C", str(root), *arguments]
        return subprocess.run(command, capture_output=True, check=False, env=environ, input=stdin)
    except FileNotFoundError:
        raise DeployerError("git is not installed", fix="install git") from None


def _has_git(folder: Path) -> bool:
    """Return whether a `.git` exists here or above although git finds no repository: it is damaged."""
    start = folder.resolve()
    return any(os.path.lexists(one / ".git") for one in (start, *start.parents))


def _failed(root: Path, arguments: tuple[str, ...], stderr: bytes) -> DeployerError:
    said = stderr.decode(errors="replace").strip()
    return DeployerError(f"git {arguments[0]} failed in {root}", why=said, fix=_fix(said, root))
