"""Read the manifests on the repository's branches, to find those that protect an environment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from deployer import git
from deployer.apps.app import App
from deployer.errors import Refused
from deployer.manifest.committed import CommittedManifest, governs, may_govern
from deployer.manifest.load import LoadedManifest, parse
from deployer.manifest.problem import InvalidManifest

_HISTORY = 50  # commits of a manifest that are searched for a valid version


class GoverningManifests(Struct, frozen=True):
    """The committed manifests that govern a manifest. `placed` means that the file itself is one of them at HEAD."""

    committed: tuple[CommittedManifest, ...]
    placed: bool


class _Version(Struct, frozen=True):
    ref: str  # `HEAD`, or the full name of a branch
    path: str
    oid: str

    @property
    def source(self) -> str:
        short = self.ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        return f"{self.path} of {'the checked-out commit' if self.ref == 'HEAD' else short}"

    def may_deploy(self, branches: tuple[str, ...]) -> bool:
        """Whether this is the checked-out commit, or one of these branches, here or at a remote."""
        remote = self.ref.startswith("refs/remotes/")
        return self.ref == "HEAD" or any(
            self.ref == f"refs/heads/{one}" or (remote and self.ref.endswith(f"/{one}")) for one in branches
        )


def governing(loaded: LoadedManifest) -> GoverningManifests:
    """The committed manifests that govern this one, in its own repository and in that of the current directory.

    Of the branches that are not checked out, those count whose own manifest names the branch in protect.branches.
    Raises Refused where the commit's manifest of this environment is invalid, and was valid in no earlier commit.
    """
    path = loaded.path.resolve()
    committed: list[CommittedManifest] = []
    placed = False
    read: dict[tuple[Path, str], LoadedManifest] = {}
    for root, folders in _repositories(path):
        for version, raw in _versions(root, folders, loaded):
            held = _valid(root, version, raw, loaded, read)
            if held is None or not governs(held.loaded.manifest, loaded.manifest):
                continue
            if version.may_deploy(held.loaded.manifest.protect.branches):
                committed.append(held)
                placed = placed or (version.ref == "HEAD" and root / version.path == path)
    return GoverningManifests(tuple(committed), placed)


def _repositories(path: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Each checkout that counts, and the folders in it that may hold its manifests."""
    folders: dict[Path, dict[str, None]] = {}
    for start in (path.parent, Path.cwd().resolve()):
        root = git.toplevel(start)
        if root is None:
            continue
        known = folders.setdefault(root, {"env": None})
        for folder in (start, *start.parents):
            if folder.is_relative_to(root):
                known[(folder.relative_to(root) / "env").as_posix()] = None
            if folder.name == "env" and folder != root and folder.is_relative_to(root):
                known[folder.relative_to(root).as_posix()] = None
    for root, known in folders.items():
        yield root, tuple(known)


def _versions(root: Path, folders: Iterable[str], loaded: LoadedManifest) -> Iterator[tuple[_Version, bytes]]:
    """Every distinct content of a manifest that may govern this one, on each branch: HEAD first."""
    refs = ("HEAD", *git.heads(root))
    trees = git.objects(root, (f"{ref}:{folder}" for ref in refs for folder in folders))
    versions = [
        _Version(ref, f"{folder}/{name}", oid)
        for ref in refs
        for folder in folders
        if (tree := trees.get(f"{ref}:{folder}")) is not None and tree.kind == "tree"
        for name, oid in tree.entries().items()
        if name.endswith(".yaml")
    ]
    contents = git.objects(root, (version.oid for version in versions))
    for version in versions:
        blob = contents[version.oid]
        if blob is None:
            raise Refused(
                f"{version.source} cannot be read, and it may protect this environment; nothing was changed",
                why=f"the repository in {root} lacks the object {version.oid}",
                fix="git fetch --refetch",
            )
        name = version.path.rpartition("/")[2]
        if may_govern(blob.content.decode(errors="replace"), name, loaded.manifest):
            yield version, blob.content


def _valid(
    root: Path, version: _Version, raw: bytes, loaded: LoadedManifest, read: dict[tuple[Path, str], LoadedManifest]
) -> CommittedManifest | None:
    """The manifest of this version or, where that is invalid, the last valid one before it."""
    path = root / version.path
    try:
        if (path, version.oid) not in read:
            read[path, version.oid] = parse(raw, path, App())
        return CommittedManifest(read[path, version.oid], version.source)
    except InvalidManifest:
        pass
    if (earlier := _earlier(root, version)) is not None:
        return earlier
    if version.ref == "HEAD" and path.stem == loaded.manifest.environment:
        raise Refused(
            f"{version.source} is invalid, and no earlier commit has a valid one; nothing was changed",
            why=f"no commit declares what protects {loaded.manifest.environment}",
            fix=f"commit a valid {version.path}",
        )
    return None


def _earlier(root: Path, version: _Version) -> CommittedManifest | None:
    commits = git.history(root, version.ref, version.path, _HISTORY)
    blobs = git.objects(root, (f"{commit}:{version.path}" for commit in commits))
    for commit in commits:
        blob = blobs[f"{commit}:{version.path}"]
        if blob is None or blob.kind != "blob":
            continue
        try:
            return CommittedManifest(
                parse(blob.content, root / version.path, App()), f"{version.path} of commit {commit[:12]}"
            )
        except InvalidManifest:
            continue
    return None
