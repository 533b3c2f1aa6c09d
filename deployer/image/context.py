"""Collect what an image is built from: the files of the commit, and no other files of the checkout."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from msgspec import Struct

from deployer import git
from deployer.apps.app import Image
from deployer.errors import DeployerError, Refused
from deployer.image.snapshot import committed, working_tree
from deployer.project import PROJECT_FILE

DOCKERFILE: Final = "Dockerfile"


class Context(Struct, frozen=True):
    """The files of an image, by path. `changes` is a hash of them where they differ from the commit, else empty."""

    commit: str
    files: dict[str, bytes]
    changes: str

    @contextmanager
    def written(self) -> Iterator[Path]:
        """A temporary directory that holds the files while the builder needs them."""
        with TemporaryDirectory(prefix="deployer-image-") as name:
            folder = Path(name)
            for path, content in self.files.items():
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(content)
            yield folder


def read_context(root: Path, image: Image, *, allow_changes: bool) -> Context:
    """The files as they are committed; with `allow_changes`, as they are now.

    Raises Refused for a changed checkout where that is not allowed, DeployerError where there is nothing to build.
    """
    commit, paths = git.commit(root), image.paths
    if allow_changes:
        changed = bool(git.run_git(root, "status", "--porcelain", "--", *paths).strip())
    elif git.is_clean(root):
        changed = False
    else:
        raise Refused(
            "this checkout differs from its commit, whose SHA would name the image; nothing was built",
            fix="commit or stash the changes: git status",
        )
    files = working_tree(root, *paths) if changed else committed(root, *paths)[1]
    if missing := [path for path in paths if not any(name == path or name.startswith(f"{path}/") for name in files)]:
        raise DeployerError(f"{root} holds no {', no '.join(missing)}", fix=f"correct `image` in {PROJECT_FILE}")
    changes = _hash(files) if changed else ""
    if image.dockerfile != DOCKERFILE:
        files[DOCKERFILE] = files.pop(image.dockerfile)  # every builder looks for this name
    return Context(commit, files, changes)


def source_url(root: Path) -> str:
    """The origin of the checkout, without a user or token in a remote's address; "" if there is none."""
    try:
        url = git.run_git(root, "remote", "get-url", "origin").decode().strip()
    except DeployerError:
        return ""
    return public_address(url)


def public_address(url: str) -> str:
    """Return the https URL of a remote such as git@host:path or one with a token; "" for a local path."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        host, colon, path = url.partition(":")
        if not colon or "/" in host:
            return ""
        rest = f"{host}/{path.lstrip('/')}"
    elif scheme not in {"https", "http", "ssh", "git"}:
        return ""
    authority, slash, path = rest.partition("/")
    host = authority.rpartition("@")[2]
    if scheme == "ssh":
        host = host.partition(":")[0]
    return f"https://{host}{slash}{path.partition('?')[0].removesuffix('.git')}"


def _hash(files: dict[str, bytes]) -> str:
    content = hashlib.sha256()
    for path in sorted(files):
        content.update(f"{path}\0{len(files[path])}\0".encode() + files[path])
    return content.hexdigest()[:12]
