"""`deployer image push ENV`: build the image of the commit and push it to ECR, unless it is there."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import Struct

from deployer import partial
from deployer.aws import ecr
from deployer.aws.errors import explain
from deployer.aws.session import Session
from deployer.core.desired import short_tag
from deployer.environment.commit_image import build_commit_image, image_context, image_tag, pushed_image
from deployer.environment.open import open_session
from deployer.environment.site import site_of
from deployer.errors import DeployerError, Refused, StateUnknown
from deployer.image.builder import find_builder
from deployer.image.tool import Registry
from deployer.local.loopback import is_loopback
from deployer.manifest.load import LoadedManifest, load_manifest
from deployer.project import manifest_path
from deployer.view.documents.image import ImageDocument
from deployer.view.progress import Reporter

_AWS: Final = (".amazonaws.com", ".amazonaws.com.cn")


class PushOptions(Struct, frozen=True, kw_only=True):
    """`environment` is a name or a manifest's path. `base` replaces the Dockerfile's base image unless it is empty.

    `tool` is docker, podman or buildah, None for the first that works. `create_repository` creates a missing
    repository.
    """

    environment: str
    base: str = ""
    tool: str | None = None
    create_repository: bool = False


def push_image(options: PushOptions, report: Reporter) -> ImageDocument:
    """Build the image and push it, unless ECR holds it.

    All refusals come before anything is pushed. Raises StateUnknown when the image that arrived is not the image that
    was built.
    """
    loaded = load_manifest(manifest_path(options.environment))
    context = image_context(loaded)
    site_of(loaded).start(report)
    session, _ = open_session(loaded)
    repository, tag = loaded.manifest.image.repository, image_tag(loaded, context)
    if held := pushed_image(session, loaded, tag):
        report.step("image", f"ECR holds {repository}:{short_tag(tag)} already: {held.digest}")
        return held
    builder = find_builder(report, options.tool)
    missing = _missing(session, loaded, create=options.create_repository)
    login = ecr.log_in(session.ecr)
    registry = _registry(login.url)
    made = build_commit_image(loaded, context, builder, options.base)
    if missing:
        ecr.create_repository(session.ecr, repository)
        report.step("image", f"repository {repository} created")
    try:
        digest = builder.push(f"{repository}:{tag}", registry, login.password)
    except DeployerError as error:
        if not missing:
            raise
        raise StateUnknown(f"{error.what}; repository {repository} was made", why=error.why, fix=error.fix) from None
    partial.note(f"a push of {repository}:{short_tag(tag)}")
    try:
        there = pushed_image(session, loaded, tag)
    except (ClientError, BotoCoreError) as error:
        told_by = explain(error)
        what = f"{repository}:{tag} was pushed and cannot be read back: {told_by.what}"
        raise StateUnknown(what, why=told_by.why, fix=told_by.fix) from None
    if there is None or (digest and digest != there.digest):
        raise StateUnknown(
            f"the image that was pushed is not the image that ECR holds as {repository}:{tag}",
            why=f"pushed was {digest or 'an image'}, and ECR holds {there.digest if there else 'none of that tag'}",
            fix=f"check it: aws ecr describe-images --repository-name {repository}",
        )
    report.step("image", f"pushed: {there.digest}")
    return ImageDocument(made.environment, "pushed", repository, tag, there.digest, there.platform, builder.tool)


def _missing(session: Session, loaded: LoadedManifest, *, create: bool) -> bool:
    """Whether the repository is missing. Raises DeployerError when it must not be created."""
    name, environment = loaded.manifest.image.repository, loaded.manifest.environment
    missing = ecr.read_repository(session.ecr, name) is None
    if missing and not create:
        raise DeployerError(
            f"repository {name} does not exist in ECR; nothing was built",
            fix=f"correct image.repository, or create it: just image push {environment} --create-repository",
        )
    return missing


def _registry(url: str) -> Registry:
    """The registry. Raises Refused unless it is AWS's or on this machine, because it would get a password."""
    parts = urlsplit(url)
    if not is_loopback(url) and not (parts.scheme == "https" and (parts.hostname or "").endswith(_AWS)):
        raise Refused(f"the login is for {parts.hostname}, which is not an AWS registry; nothing was pushed")
    return Registry(parts.netloc, plain=parts.scheme == "http")
