"""The image repository: read it, create it, keep its settings, put an image's manifest. Decides nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from deployer.core.facts import RepositoryFact

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient


def read_repository(ecr: ECRClient, name: str) -> RepositoryFact | None:
    """The repository with its lifecycle policy, or None when there is none of this name."""
    with ThreadPoolExecutor(1) as pool:
        policy = pool.submit(_read_lifecycle, ecr, name)
        try:
            found = ecr.describe_repositories(repositoryNames=[name])["repositories"][0]
        except ecr.exceptions.RepositoryNotFoundException:
            return None
        return RepositoryFact(
            uri=found["repositoryUri"],
            immutable=found["imageTagMutability"] == "IMMUTABLE",
            scan_on_push=found.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            lifecycle=policy.result(),
        )


def _read_lifecycle(ecr: ECRClient, name: str) -> str | None:
    try:
        return ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    except (ecr.exceptions.LifecyclePolicyNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None


def read_digest(ecr: ECRClient, repository: str, tag: str) -> str | None:
    """The digest of the image under `tag`, or None."""
    try:
        found = ecr.describe_images(repositoryName=repository, imageIds=[{"imageTag": tag}])["imageDetails"]
    except (ecr.exceptions.ImageNotFoundException, ecr.exceptions.RepositoryNotFoundException):
        return None
    return found[0]["imageDigest"]


def create_repository(ecr: ECRClient, name: str) -> None:
    """A repository whose tags never move and whose images are scanned when pushed."""
    ecr.create_repository(
        repositoryName=name,
        imageTagMutability="IMMUTABLE",
        imageScanningConfiguration={"scanOnPush": True},
        tags=[{"Key": "managed-by", "Value": "deployer"}],
    )


def mend_repository(ecr: ECRClient, name: str) -> None:
    """Set both settings of a repository that exists."""
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})


def put_lifecycle(ecr: ECRClient, name: str, policy: str) -> None:
    """Replace the lifecycle policy."""
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy)


def put_image(ecr: ECRClient, repository: str, tag: str, manifest: bytes, digest: str) -> None:
    """Register a manifest under a tag. The digest is given, so that the registry checks it against ours."""
    ecr.put_image(
        repositoryName=repository,
        imageTag=tag,
        imageManifest=manifest.decode(),
        imageManifestMediaType="application/vnd.oci.image.manifest.v1+json",
        imageDigest=digest,
    )
