"""ECR: digests and tags of images, and its lists."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from werkzeug.wrappers import Response

from deployer.local.aws_errors import AwsError
from deployer.local.call import Call
from deployer.local.corrections import ecr_lists
from deployer.local.corrections.wire import Ask, answered, json_bytes, parsed


def corrected(call: Call, body: bytes, ask: Ask) -> Response | AwsError:
    """Return AWS's answer, by calling moto and correcting it."""
    match call.operation:
        case "PutImage":
            return _put_image(body, ask)
        case "BatchGetImage":
            return _batch_get_image(body, ask)
    if call.operation in ecr_lists.LISTS:
        return ecr_lists.listed(call.operation, parsed(body), ask)
    return ask(body)


def _put_image(body: bytes, ask: Ask) -> Response | AwsError:
    """Add the manifest's digest to every request: moto computes another digest, and checks none."""
    request = parsed(body)
    manifest = request.get("imageManifest")
    if not isinstance(manifest, str):
        return ask(body)
    if not parsed(manifest.encode()):
        return AwsError(
            400, "InvalidParameterException", "Invalid parameter at 'imageManifest': it is not a JSON object."
        )
    digest = "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()
    if request.setdefault("imageDigest", digest) != digest:
        return AwsError(
            400, "ImageDigestDoesNotMatchException", f"The image manifest has the digest {digest}, not the one given."
        )
    answer = ask(json_bytes(request))
    if isinstance(answer, AwsError):  # a manifest that can be read is lost on moto only without a repository
        text = f"The repository with name '{request.get('repositoryName')}' does not exist in the registry."
        return AwsError(400, "RepositoryNotFoundException", text)
    return _tag_clash(request, digest, answer) if answer.status_code == 400 else answer


def _tag_clash(request: dict[str, Any], digest: str, answer: Response) -> Response | AwsError:
    """Use ImageTagAlreadyExistsException for another manifest under an immutable tag; moto has another code."""
    error = parsed(answer.get_data())
    if not str(error.get("__type", "")).endswith("ImageAlreadyExistsException") or digest in str(error.get("message")):
        return answer
    tag, repository = request.get("imageTag"), request.get("repositoryName")
    text = f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten."
    return AwsError(400, "ImageTagAlreadyExistsException", text)


def _batch_get_image(body: bytes, ask: Ask) -> Response | AwsError:
    """Repeat the requested ids of images and failures; moto returns the newest tag, and no digest that failed."""
    answer, asked = ask(body), parsed(body).get("imageIds")
    document = answered(answer)
    if not isinstance(answer, Response) or document is None or not isinstance(asked, list):
        return answer
    if any(len(image_id) != 1 for image_id in asked):
        return answer  # by digest and tag at once, where moto takes either for both
    tags = {failure["imageId"].get("imageTag") for failure in document["failures"]}
    digests = {image["imageId"]["imageDigest"] for image in document["images"]}
    images: Iterator[dict[str, Any]] = iter(document["images"])
    failures: list[dict[str, Any]] = []
    for image_id in asked:
        by_digest = "imageDigest" in image_id
        if image_id["imageDigest"] not in digests if by_digest else image_id.get("imageTag") in tags:
            failures.append({**document["failures"][len(failures)], "imageId": image_id})
        else:
            next(images)["imageId"].update(image_id)
    answer.set_data(json.dumps({**document, "failures": failures}))
    return answer
