"""Load the manifests of two environments."""

from __future__ import annotations

from deployer.errors import UsageError
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.project import manifest_path


def load_two_manifests(left: str, right: str) -> tuple[LoadedManifest, LoadedManifest]:
    """Load both by name or by path. Raises UsageError when they are the same, and InvalidManifest."""
    paths = manifest_path(left), manifest_path(right)
    if paths[0].resolve() == paths[1].resolve():
        raise UsageError(f"{left} and {right} are the same environment", fix="name two")
    return load_manifest(paths[0]), load_manifest(paths[1])
