"""Call the image repository: read it, create it, keep its settings, put an image's manifest. Decides nothing."""

from __future__ import annotations

import base64
import json
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.aws.answers import UnusableAnswer
from deployer.aws.errors import only
from deployer.core.observed import ObservedImage, ObservedRepository
from deployer.core.secret import SecretValue

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient
    from types_boto3_ecr.type_defs import ImageIdentifierTypeDef, ImageTypeDef

OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


class Login(Struct, frozen=True):
    """The registry to push to, such as https://123456789012.dkr.ecr.us-west-2.amazonaws.com, and the password."""

    url: str
    password: SecretValue


def log_in(ecr: ECRClient) -> Login:
    """A login for twelve hours, for the user AWS (ECR API reference, "GetAuthorizationToken")."""
    data = next(iter(ecr.get_authorization_token()["authorizationData"]), None)
    if data is None:
        raise UnusableAnswer(call="ecr:GetAuthorizationToken", lacks="no authorizationData[]")
    try:
        password = base64.b64decode(data["authorizationToken"], validate=True).decode().partition(":")[2]
    except ValueError:
        password = ""
    if not password:  # its text is not shown: it is the password
        raise UnusableAnswer(call="ecr:GetAuthorizationToken", lacks="no authorizationToken that holds a password")
    return Login(data["proxyEndpoint"], SecretValue(password))


def read_repository(ecr: ECRClient, name: str) -> ObservedRepository | None:
    """The repository with its lifecycle policy, or None when it does not exist."""
    with ThreadPoolExecutor(1) as pool:
        policy = pool.submit(_read_lifecycle, ecr, name)
        try:
            pages = ecr.get_paginator("describe_repositories").paginate(repositoryNames=[name])
            repository = next(
                (one for page in pages for one in page["repositories"] if one["repositoryName"] == name), None
            )
        except ClientError as error:
            only(error, "RepositoryNotFoundException")
            return None
        if repository is None:
            return None
        return ObservedRepository(
            uri=repository["repositoryUri"],
            immutable=repository["imageTagMutability"] == "IMMUTABLE",
            scan_on_push=repository.get("imageScanningConfiguration", {}).get("scanOnPush", False),
            lifecycle=policy.result(),
        )


def _read_lifecycle(ecr: ECRClient, name: str) -> str | None:
    try:
        return ecr.get_lifecycle_policy(repositoryName=name)["lifecyclePolicyText"]
    except ClientError as error:
        only(error, "LifecyclePolicyNotFoundException", "RepositoryNotFoundException")
        return None


def read_image(ecr: ECRClient, repository: str, tag: str, digest: str | None) -> ObservedImage | None:
    """The image of this digest, or of this tag where none is given, with all its tags; None when there is none."""
    image_id: ImageIdentifierTypeDef = {"imageDigest": digest} if digest else {"imageTag": tag}
    try:
        pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository, imageIds=[image_id])
        images = [image for page in pages for image in page["imageDetails"]]
    except ClientError as error:
        only(error, "ImageNotFoundException", "RepositoryNotFoundException")
        return None
    for image in images:
        tags = image.get("imageTags", [])
        if image["imageDigest"] == digest if digest else tag in tags:
            return ObservedImage(image["imageDigest"], tuple(tags))
    return None


def tags(ecr: ECRClient, repository: str) -> list[str]:
    """Every tag in the repository; none when there is no such repository."""
    try:
        pages = ecr.get_paginator("describe_images").paginate(repositoryName=repository, filter={"tagStatus": "TAGGED"})
        return [tag for page in pages for image in page["imageDetails"] for tag in image.get("imageTags", [])]
    except ClientError as error:
        only(error, "RepositoryNotFoundException")
        return []


def create_repository(ecr: ECRClient, name: str) -> None:
    """Create a repository with immutable tags and scans on push; leave an existing repository as it is."""
    try:
        ecr.create_repository(
            repositoryName=name,
            imageTagMutability="IMMUTABLE",
            imageScanningConfiguration={"scanOnPush": True},
            tags=[{"Key": "managed-by", "Value": "deployer"}],
        )
    except ClientError as error:
        only(error, "RepositoryAlreadyExistsException")
        return


def change_repository(ecr: ECRClient, name: str) -> None:
    """Set both settings of a repository that exists."""
    ecr.put_image_tag_mutability(repositoryName=name, imageTagMutability="IMMUTABLE")
    ecr.put_image_scanning_configuration(repositoryName=name, imageScanningConfiguration={"scanOnPush": True})


def put_lifecycle(ecr: ECRClient, name: str, policy: str) -> None:
    """Replace the lifecycle policy."""
    ecr.put_lifecycle_policy(repositoryName=name, lifecyclePolicyText=policy)


def put_image(ecr: ECRClient, repository: str, tag: str, manifest: bytes, digest: str) -> None:
    """Register a manifest under a tag. The digest is given, so that the registry checks it.

    A tag that already holds this image is a success.
    """
    _put(ecr, repository, tag, manifest.decode(), OCI_MANIFEST, digest)


def tag_image(ecr: ECRClient, repository: str, digest: str, tag: str) -> None:
    """Give an image of the repository another tag."""
    image = _manifest(ecr, repository, digest)
    _put(ecr, repository, tag, image["imageManifest"], image.get("imageManifestMediaType", OCI_MANIFEST), digest)


def delete_repository(ecr: ECRClient, name: str) -> None:
    """Delete a repository with every image in it. One that is already gone is a success."""
    try:
        ecr.delete_repository(repositoryName=name, force=True)
    except ClientError as error:
        only(error, "RepositoryNotFoundException")
        return


def platforms(ecr: ECRClient, repository: str, digest: str) -> list[str]:
    """The platforms of an image, such as linux/amd64: of each entry of an index, or of the image's configuration."""
    manifest = _object(_manifest(ecr, repository, digest)["imageManifest"])
    if isinstance(entries := manifest.get("manifests"), list):
        return [_platform(_member(entry, "platform")) for entry in entries]
    layer = _member(manifest, "config").get("digest")
    if not isinstance(layer, str):  # such as an artifact, or an image of Docker's first format
        return [_platform({})]
    url = ecr.get_download_url_for_layer(repositoryName=repository, layerDigest=layer)["downloadUrl"]
    if not url.startswith(("https://", "http://")):
        raise UnusableAnswer(call="ecr:GetDownloadUrlForLayer", lacks="no downloadUrl of HTTP")
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 -- an address that AWS has just signed
        return [_platform(_object(answer.read()))]


def _manifest(ecr: ECRClient, repository: str, digest: str) -> ImageTypeDef:
    """The image of this digest with its manifest."""
    answer = ecr.batch_get_image(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    for image in answer["images"]:
        if image["imageId"]["imageDigest"] == digest:
            return image
    raise UnusableAnswer(call="ecr:BatchGetImage", lacks=f"no image {digest}")


def _object(text: str | bytes) -> dict[str, Any]:
    """The JSON object in a text; an empty one where it holds something else."""
    parsed = json.loads(text)
    return parsed if isinstance(parsed, dict) else {}


def _member(value: object, name: str) -> dict[str, Any]:
    member = value.get(name) if isinstance(value, dict) else None
    return member if isinstance(member, dict) else {}


def _platform(described: dict[str, Any]) -> str:
    return f"{described.get('os', 'unknown')}/{described.get('architecture', 'unknown')}"


def _put(ecr: ECRClient, repository: str, tag: str, manifest: str, kind: str, digest: str) -> None:
    try:
        ecr.put_image(
            repositoryName=repository,
            imageTag=tag,
            imageManifest=manifest,
            imageManifestMediaType=kind,
            imageDigest=digest,
        )
    except ClientError as error:
        only(error, "ImageAlreadyExistsException")
        return
