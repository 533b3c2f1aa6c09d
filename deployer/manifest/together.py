"""Several manifests side by side: no two hold the same thing in AWS, and one repository deploys them all."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from deployer import names
from deployer.manifest.load import Loaded
from deployer.manifest.problem import Problem


def clashes(manifests: Sequence[Loaded]) -> Iterator[Problem]:
    """A problem for each service or path that two manifests claim in one account and region.

    It is the slip of a copied file: one environment's reconcile would overwrite the other.
    """
    seen: dict[tuple[str, ...], Loaded] = {}
    for loaded in manifests:
        aws, service = loaded.manifest.aws, loaded.manifest.service
        place = (aws.account, aws.region, aws.endpoint or "")
        claims = {
            ("service", "name"): service.name,
            ("aws", "parameter_path"): aws.parameter_path,
        }
        for keys, value in claims.items():
            other = seen.setdefault((*place, *keys, value), loaded)
            if other is not loaded and other.path.resolve() != loaded.path.resolve():
                yield loaded.problem(
                    *keys,
                    what=f"{'.'.join(keys)} is that of {other.path} too",
                    why="each environment would overwrite the other",
                    fix="give this environment its own",
                )


def strangers(manifests: Sequence[Loaded]) -> Iterator[Problem]:
    """A problem for each manifest whose repository is not that of the first one that names any.

    A checkout has one set of workflows, and they run in one repository.
    """
    first: Loaded | None = None
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


def crossed(manifests: Sequence[Loaded]) -> Iterator[Problem]:
    """A problem for each manifest called like the GitHub environment of another one's plans or images.

    Its credentials deploy, and would be given to jobs that nobody has agreed to.
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
