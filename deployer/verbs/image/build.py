"""`deployer image build ENV`: build the image of the commit, and leave it with the tool that built it."""

from __future__ import annotations

from msgspec import Struct

from deployer.environment.commit_image import build_commit_image, image_context
from deployer.image.builder import find_builder
from deployer.manifest.load import load_manifest
from deployer.project import manifest_path
from deployer.view.documents.image import ImageDocument
from deployer.view.progress import Reporter


class BuildOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. `base` replaces the Dockerfile's base image unless it is empty.

    `tool` is docker, podman or buildah, None for the first that works.
    """

    environment: str
    base: str = ""
    tool: str | None = None


def build_image(options: BuildOptions, report: Reporter) -> ImageDocument:
    """Build the image. Raises Refused for a changed checkout, unless the environment is of the local world."""
    loaded = load_manifest(manifest_path(options.environment))
    context = image_context(loaded)
    return build_commit_image(loaded, context, find_builder(report, options.tool), options.base)
