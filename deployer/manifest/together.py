"""Compare several manifests: no two may claim the same AWS resource, and one repository deploys them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deployer import names
from deployer.manifest.load import LoadedManifest
from deployer.manifest.problem import Problem


def clashes(manifests: Sequence[LoadedManifest]) -> Iterator[Problem]:
    """A problem for each service, path or inbox that two manifests claim in one account and region, in the later one.

    This is the mistake of a copied file: one environment's reconcile would overwrite the other. A path inside another's
    is the same: what is below a path belongs to that environment.
    """
    each = list({one.path.resolve(): one for one in manifests}.values())  # a manifest may be named twice
    for number, loaded in enumerate(each):
        for other in each[:number]:
            if _place(other) != _place(loaded):
                continue
            if other.manifest.service.name == loaded.manifest.service.name:
                yield _claimed(loaded, other, "service", "name")
            inboxes = loaded.manifest.inbox, other.manifest.inbox
            if inboxes[0] and inboxes[1] and inboxes[0].table == inboxes[1].table:
                yield loaded.problem(
                    "inbox",
                    "table",
                    what=f"inbox.table is that of {other.path} too",
                    why="each environment would answer the other's messages",
                    fix="give this environment its own",
                )
            mine, theirs = (f"{one.manifest.aws.parameter_path}/" for one in (loaded, other))
            if mine.startswith(theirs) or theirs.startswith(mine):
                yield _claimed(loaded, other, "aws", "parameter_path")


def _place(loaded: LoadedManifest) -> tuple[str, str, str | None]:
    aws = loaded.manifest.aws
    return aws.account, aws.region, aws.endpoint


def _claimed(loaded: LoadedManifest, other: LoadedManifest, *keys: str) -> Problem:
    name = ".".join(keys)
    mine, theirs = (getattr(getattr(one.manifest, keys[0]), keys[1]) for one in (loaded, other))
    return loaded.problem(
        *keys,
        what=f"{name} is that of {other.path} too" if mine == theirs else f"{name} overlaps that of {other.path}",
        why="each environment would overwrite the other",
        fix="give this environment its own",
    )


def quarrels(manifests: Sequence[LoadedManifest]) -> Iterator[Problem]:
    """A problem for each manifest that shares a repository and keeps another number of images in it.

    A repository has one rule for that: each environment's reconcile would change it for the other.
    """
    first: dict[tuple[object, ...], LoadedManifest] = {}
    for loaded in manifests:
        image = loaded.manifest.image
        other = first.setdefault((*_place(loaded), image.repository), loaded)
        if other.manifest.image.keep != image.keep:
            yield loaded.problem(
                "image",
                "keep",
                what=f"image.keep is not that of {other.path}: {other.manifest.image.keep}",
                why=f"both keep their images in {image.repository}, which has one rule for them",
                fix="write the same number in both, or give this environment a repository of its own",
            )


def strangers(manifests: Sequence[LoadedManifest]) -> Iterator[Problem]:
    """A problem for each manifest whose repository differs from that of the first manifest that names one.

    A checkout has one set of workflows, and they run in one repository.
    """
    first: LoadedManifest | None = None
    for loaded in manifests:
        if loaded.manifest.github is None:
            continue
        first = first or loaded
        theirs = first.manifest.github.repository if first.manifest.github else ""
        if loaded.manifest.github.repository.lower() != theirs.lower():
            yield loaded.problem(
                "github",
                "repository",
                what=f"github.repository is not that of {first.path}: {theirs}",
                why="the workflows of one checkout run in one repository",
                fix=f"write {theirs}, or keep this environment's manifest in the other repository",
            )


def crossed(manifests: Sequence[LoadedManifest]) -> Iterator[Problem]:
    """A problem for each manifest with the name of the GitHub environment of another one's plans or images.

    Its credentials deploy, and would be given to jobs that no person has agreed to.
    """
    for loaded in manifests:
        for other in manifests:
            taken = {of(other.manifest.environment) for of in (names.plan_environment, names.image_environment)}
            if loaded.manifest.github and other.manifest.github and loaded.manifest.environment in taken:
                yield loaded.problem(
                    "environment",
                    what=f"{loaded.manifest.environment} is the GitHub environment of other jobs of {other.path}",
                    why="a job that runs the code of a pull request could deploy this environment",
                    fix="give this environment another name",
                )
