"""The service's source at a commit as an OCI image, for machines without a container engine.

The image holds no operating system and no libraries: the local world runs it with the Python that runs the world.
The same commit always gives the same digest. It is marked as linux/amd64, which every target runs.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

from msgspec import Struct

from deployer import git
from deployer.apps.app import Image
from deployer.errors import DeployerError, UsageError
from deployer.project import PROJECT_FILE

CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


class Snapshot(Struct, frozen=True):
    """An image in the layout. `tag` is the full git SHA, with a suffix when the working tree differs from it."""

    tag: str
    digest: str
    manifest: bytes


def take(root: Path, layout: Path, image: Image) -> Snapshot:
    """Put the source of `root`'s commit into the OCI image layout at `layout`.

    A changed working tree is taken as it is, with its content's hash in the tag. Raises UsageError when the project
    does not name its source, DeployerError when `root` is not a git checkout or lacks the source.
    """
    if not image.source or not image.command:
        raise UsageError(
            f"{PROJECT_FILE} does not say what the local world runs",
            fix=f"name the code and its start command in {PROJECT_FILE}:"
            " `image: {source: [notes.py], command: [python, notes.py]}`",
        )
    dirty = bool(git.run_git(root, "status", "--porcelain", "--", *image.source).strip())
    if dirty:
        commit, files = git.commit(root), working_tree(root, *image.source)
    else:
        commit, files = committed(root, *image.source)
    if not files:
        raise DeployerError(
            f"{root} holds no {' and no '.join(image.source)}", fix=f"correct image.source in {PROJECT_FILE}"
        )
    return _write(layout, files, image.command, commit, dirty=dirty)


def committed(root: Path, *paths: str) -> tuple[str, dict[str, bytes]]:
    """Return the checked-out commit, and the files below `paths` as it has them."""
    archive = git.run_git(root, "archive", "--format=tar", "HEAD", *paths)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        files = {m.name: _read(tar, m) for m in tar.getmembers() if m.isfile()}
        return tar.pax_headers["comment"], files  # git archive writes the commit's id there


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    assert stream is not None
    return stream.read()


def working_tree(root: Path, *paths: str) -> dict[str, bytes]:
    """Return the files below `paths` that git tracks or would track; ignored files are left out."""
    listed = git.run_git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *paths)
    names = sorted(name for name in listed.decode().split("\0") if name)
    return {name: (root / name).read_bytes() for name in names if (root / name).is_file()}


def _write(layout: Path, files: dict[str, bytes], command: tuple[str, ...], commit: str, *, dirty: bool) -> Snapshot:
    layer = _tar(files)  # not compressed: two versions of zlib would give one commit two digests
    config = _json(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {
                "Cmd": command,
                "WorkingDir": "/app",
                "Labels": {"org.opencontainers.image.revision": commit},
            },
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": _descriptor(CONFIG_TYPE, config),
            "layers": [_descriptor(LAYER_TYPE, layer)],
        }
    )
    for blob in (layer, config, manifest):
        _store(layout, blob)
    digest = _digest(manifest)
    (layout / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}\n')
    tag = f"{commit}-dirty-{digest[7:19]}" if dirty else commit
    return Snapshot(tag=tag, digest=digest, manifest=manifest)


def _tar(files: dict[str, bytes]) -> bytes:
    """A tar of the files below /app that is identical in every run."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(f"app/{name}")
            entry.size, entry.mode = len(files[name]), 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    return out.getvalue()


def _store(layout: Path, blob: bytes) -> None:
    path = layout / "blobs" / "sha256" / _digest(blob)[7:]
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    part.write_bytes(blob)
    part.replace(path)


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return "sha256:" + hashlib.sha256(blob).hexdigest()


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()
