"""The image of the checked-out commit: its tag, its build, and what ECR holds of it."""

from __future__ import annotations

from deployer.aws import ecr
from deployer.aws.session import Session
from deployer.core.desired import short_tag
from deployer.environment.site import site_of
from deployer.errors import DeployerError, Refused
from deployer.image.builder import Builder
from deployer.image.context import Context, read_context, source_url
from deployer.image.tool import Build
from deployer.manifest.load import LoadedManifest
from deployer.targets.registry import describe
from deployer.view.documents.image import ImageDocument


def image_tag(loaded: LoadedManifest, context: Context) -> str:
    """The commit, marked where the checkout has changes, or where the local world would take it for its own image."""
    changes = f"-dirty-{context.changes}" if context.changes else ""
    return f"{context.commit}{changes}{site_of(loaded).built_tag}"


def image_context(loaded: LoadedManifest) -> Context:
    """The files of the image. Raises Refused for a changed checkout, unless the environment is of the local world."""
    return read_context(loaded.root, loaded.app.image, allow_changes=site_of(loaded).builds_changes)


def build_commit_image(loaded: LoadedManifest, context: Context, builder: Builder, base: str) -> ImageDocument:
    """Build the image and leave it with the tool that built it. Raises DeployerError for another platform."""
    manifest = loaded.manifest
    repository, tag = manifest.image.repository, image_tag(loaded, context)
    target = describe(manifest.service.target)
    runs = target.capabilities.image_platform
    builder.report.step("image", f"building {repository}:{short_tag(tag)} with {builder.tool}")
    with context.written() as folder:
        build = Build(str(folder), f"{repository}:{tag}", context.commit, source_url(loaded.root), runs, base)
        platform = builder.build(build)
    if platform != runs:
        raise DeployerError(
            f"the image is for {platform}, and {target.title} runs {runs}; nothing was pushed",
            why="the base image or the tool ignored the requested platform",
            fix=f"use a base image for {runs}, and a tool that builds for it",
        )
    return ImageDocument(manifest.environment, "built", repository, tag, None, platform, builder.tool)


def pushed_image(session: Session, loaded: LoadedManifest, tag: str) -> ImageDocument | None:
    """The image under this tag in ECR. Raises Refused for one that the target cannot run: a tag never moves."""
    repository = loaded.manifest.image.repository
    existing = ecr.read_image(session.ecr, repository, tag, None)
    if existing is None:
        return None
    target, held = describe(loaded.manifest.service.target), ecr.platforms(session.ecr, repository, existing.digest)
    runs = target.capabilities.image_platform
    if runs not in held:
        raise Refused(
            f"ECR holds {repository}:{tag} for {', '.join(held)}, and {target.title} runs {runs}",
            why="tags are immutable: it cannot be replaced",
            fix="delete that image, or commit again, and push for the right platform",
        )
    return ImageDocument(loaded.manifest.environment, "there", repository, tag, existing.digest, runs, None)
