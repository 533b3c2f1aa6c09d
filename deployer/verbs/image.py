"""`deployer image build ENV` and `deployer image push ENV`: build the commit's image, and push it to ECR."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError
from msgspec import to_builtins

from deployer import partial
from deployer.aws import ecr
from deployer.aws.errors import explain
from deployer.aws.session import Session
from deployer.core.desired import short_tag
from deployer.environment.open import open_session
from deployer.environment.site import LocalWorld, site_of
from deployer.errors import DeployerError, Refused, StateUnknown, as_typed
from deployer.image.builder import Builder, find_builder
from deployer.image.context import Context, read_context, source_url
from deployer.image.tool import Build, Registry
from deployer.local.loopback import is_loopback
from deployer.manifest.load import Loaded
from deployer.targets.registry import describe
from deployer.view.documents import ImageDocument
from deployer.view.progress import Reporter


def build(loaded: Loaded, report: Reporter, *, base: str = "", tool: str | None = None) -> ImageDocument:
    """Build the image of the commit and leave it with the tool that built it.

    Raises Refused for a changed checkout, unless the environment is of the local world.
    """
    context = _context(loaded)
    builder = find_builder(report, tool)
    return _built(loaded, context, builder, base)


def push(
    loaded: Loaded, report: Reporter, *, base: str = "", tool: str | None = None, create: bool = False
) -> ImageDocument:
    """Build the image of the commit and push it, unless ECR holds it. `create` creates a missing repository.

    All refusals come before anything is pushed. Raises StateUnknown when the image that arrived is not the image that
    was built.
    """
    context = _context(loaded)
    site_of(loaded).start(report)
    session, _ = open_session(loaded)
    repository, tag = loaded.manifest.image.repository, _tag(loaded, context)
    if held := _held(session, loaded, tag):
        report.step("image", f"ECR holds {repository}:{short_tag(tag)} already: {held.digest}")
        return held
    builder = find_builder(report, tool)
    missing = _missing(session, loaded, create=create)
    login = ecr.log_in(session.ecr)
    registry = _registry(login.url)
    made = _built(loaded, context, builder, base)
    if missing:
        ecr.create_repository(session.ecr, repository)
        report.step("image", f"repository {repository} created")
    try:
        told = builder.push(f"{repository}:{tag}", registry, login.password)
    except DeployerError as error:
        if not missing:
            raise
        raise StateUnknown(f"{error.what}; repository {repository} was made", why=error.why, fix=error.fix) from None
    partial.note(f"a push of {repository}:{short_tag(tag)}")
    try:
        there = _held(session, loaded, tag)
    except (ClientError, BotoCoreError) as error:
        told_by = explain(error)
        what = f"{repository}:{tag} was pushed and cannot be read back: {told_by.what}"
        raise StateUnknown(what, why=told_by.why, fix=told_by.fix) from None
    if there is None or (told and told != there.digest):
        raise StateUnknown(
            f"the image that was pushed is not the image that ECR holds as {repository}:{tag}",
            why=f"pushed was {told or 'an image'}, and ECR holds {there.digest if there else 'none of that tag'}",
            fix=f"check it: aws ecr describe-images --repository-name {repository}",
        )
    report.step("image", f"pushed: {there.digest}")
    return ImageDocument(made.environment, "pushed", repository, tag, there.digest, there.platform, builder.tool)


def show(made: ImageDocument, *, as_json: bool) -> str:
    """The outcome for stdout."""
    if as_json:
        return json.dumps(to_builtins(made), indent=2)
    name = f"{made.repository}:{made.tag}"
    match made.did:
        case "built":
            text = f"Built {name} ({made.platform}) with {made.tool}."
        case "pushed":
            text = f"Pushed {name}@{made.digest}."
        case _:
            text = f"ECR holds {name}@{made.digest} already."
    if made.tag.endswith(LocalWorld.built_tag) and made.did != "built":
        text += as_typed(f"\nTry it in the local world: just reconcile {made.environment} --image {made.tag}")
    return text


def _tag(loaded: Loaded, context: Context) -> str:
    changes = f"-dirty-{context.changes}" if context.changes else ""
    return f"{context.commit}{changes}{site_of(loaded).built_tag}"


def _context(loaded: Loaded) -> Context:
    return read_context(loaded.root, loaded.app.image, allow_changes=site_of(loaded).builds_changes)


def _built(loaded: Loaded, context: Context, builder: Builder, base: str) -> ImageDocument:
    manifest = loaded.manifest
    repository, tag = manifest.image.repository, _tag(loaded, context)
    target = describe(manifest.service.target)
    runs = target.capabilities.image_platform
    builder.report.step("image", f"building {repository}:{short_tag(tag)} with {builder.tool}")
    with context.written() as folder:
        wanted = Build(str(folder), f"{repository}:{tag}", context.commit, source_url(loaded.root), runs, base)
        platform = builder.build(wanted)
    if platform != runs:
        raise DeployerError(
            f"the image is for {platform}, and {target.title} runs {runs}; nothing was pushed",
            why="the base image or the tool ignored the requested platform",
            fix=f"use a base image for {runs}, and a tool that builds for it",
        )
    return ImageDocument(manifest.environment, "built", repository, tag, None, platform, builder.tool)


def _held(session: Session, loaded: Loaded, tag: str) -> ImageDocument | None:
    """The image under this tag in ECR. Raises Refused for one that the target cannot run: a tag never moves."""
    repository = loaded.manifest.image.repository
    found = ecr.read_image(session.ecr, repository, tag, None)
    if found is None:
        return None
    target, held = describe(loaded.manifest.service.target), ecr.platforms(session.ecr, repository, found.digest)
    runs = target.capabilities.image_platform
    if runs not in held:
        raise Refused(
            f"ECR holds {repository}:{tag} for {', '.join(held)}, and {target.title} runs {runs}",
            why="tags are immutable: it cannot be replaced",
            fix="delete that image, or commit again, and push for the right platform",
        )
    return ImageDocument(loaded.manifest.environment, "there", repository, tag, found.digest, runs, None)


def _missing(session: Session, loaded: Loaded, *, create: bool) -> bool:
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


_AWS = (".amazonaws.com", ".amazonaws.com.cn")
