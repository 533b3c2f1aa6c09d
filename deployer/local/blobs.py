"""Emulate ecr:GetDownloadUrlForLayer, which moto lacks, with the blobs of the OCI image layout."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from deployer.local import validate
from deployer.local.aws_errors import AwsError
from deployer.local.clients import Clients
from deployer.world_keys import seal

if TYPE_CHECKING:
    from types_boto3_ecr import ECRClient

OPERATION = "GetDownloadUrlForLayer"
ROUTE = "/_local/blobs/"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
BATCH = 100  # BatchGetImage takes no more images


class Blobs:
    """The blobs of the OCI image layout at `images`. `token` signs their URLs."""

    def __init__(self, images: Path, token: str) -> None:
        self._token = token
        self._folder = images / "blobs" / "sha256"
        self._uploaded: set[tuple[str, str]] = set()

    def keep(self, repository: str, digest: str, content: bytes) -> None:
        """Store a layer that was uploaded to a repository."""
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / digest.removeprefix("sha256:")).write_bytes(content)
        self.uploaded(repository, digest)

    def uploaded(self, repository: str, digest: str) -> None:
        """Note that a layer, which is stored, was uploaded to a repository."""
        self._uploaded.add((repository, digest))

    def download_url(self, clients: Clients, url: str, body: bytes) -> Response | AwsError:
        """Return the URL on the endpoint at `url` of a layer or configuration of one of the repository's images.

        RepositoryNotFoundException, LayerInaccessibleException for a layer that was uploaded and that no image of the
        repository has, and LayersNotFoundException for any other and for one that is not in storage.
        """
        try:
            request = json.loads(body or b"{}")
        except ValueError:
            request = None
        if wrong := validate.reasons(validate.input_shape("ecr", OPERATION), request):
            return AwsError(400, "InvalidParameterException", "; ".join(wrong))
        repository, digest = request["repositoryName"], request["layerDigest"]
        try:
            known = any(digest == blob for blob in _blobs_of(clients.ecr, repository))
        except clients.ecr.exceptions.RepositoryNotFoundException as missing:
            return AwsError(400, "RepositoryNotFoundException", missing.response["Error"]["Message"])
        if not known and (repository, digest) in self._uploaded:
            text = f"The layer {digest} of the repository '{repository}' is not associated with an image."
            return AwsError(400, "LayerInaccessibleException", text)
        if not known or self._file(digest) is None:
            return AwsError(
                400, "LayersNotFoundException", f"There is no layer {digest} in the repository '{repository}'."
            )
        answer = {"downloadUrl": f"{url}{ROUTE}{digest}?seal={seal(self._token, digest)}", "layerDigest": digest}
        return Response(json.dumps(answer), content_type="application/x-amz-json-1.1")

    def serve(self, request: Request) -> Response:
        """Serve the bytes at such a URL. As in AWS the URL itself is the permission."""
        digest = request.path.removeprefix(ROUTE)
        given = request.args.get("seal", "")
        if not hmac.compare_digest(given.encode(), seal(self._token, digest).encode()):
            return Response("this address is not one that GetDownloadUrlForLayer returned\n", 403)
        file = self._file(digest)
        if file is None:
            return Response("there is no such blob\n", 404)
        if request.method not in {"GET", "HEAD"}:
            return Response("a blob can only be read\n", 405)
        return send_file(file, request.environ, mimetype="application/octet-stream")

    def _file(self, digest: str) -> Path | None:
        path = self._folder / digest.removeprefix("sha256:")
        return path if DIGEST.fullmatch(digest) and path.is_file() else None


def _blobs_of(ecr: ECRClient, repository: str) -> Iterator[str]:
    pages = ecr.get_paginator("list_images").paginate(repositoryName=repository)
    digests = sorted({image["imageDigest"] for page in pages for image in page["imageIds"]})
    for start in range(0, len(digests), BATCH):
        batch = [{"imageDigest": digest} for digest in digests[start : start + BATCH]]
        for image in ecr.batch_get_image(repositoryName=repository, imageIds=batch)["images"]:  # type: ignore[arg-type]
            manifest = json.loads(image["imageManifest"])
            descriptors = [manifest.get("config") or {}, *(manifest.get("layers") or [])]
            yield from (descriptor.get("digest", "") for descriptor in descriptors)
