"""The registry protocol on the endpoint of the local AWS: docker, podman and buildah push to it and pull.

As with ECR, an image is kept by PutImage, with its checks; layers and configurations go into the image layout. The
login is that of GetAuthorizationToken. The protocol is that of the OCI distribution specification.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import re
import secrets
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError
from werkzeug.utils import send_file
from werkzeug.wrappers import Request, Response

from deployer.local.aws_errors import AwsError
from deployer.local.clients import Clients

if TYPE_CHECKING:
    from types_boto3_ecr.type_defs import ImageIdentifierTypeDef

ROUTE = "/v2/"
OPERATION = "GetAuthorizationToken"
LASTS = 12 * 3600  # seconds; ECR user guide, "Private registry authentication"
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
CHUNK = 1024 * 1024
_UPLOAD = re.compile(r"(?P<name>[a-z0-9._/-]+)/blobs/uploads/(?P<upload>[0-9a-f]{32})?")
_BLOB = re.compile(r"(?P<name>[a-z0-9._/-]+)/blobs/(?P<digest>[^/]+)")
_MANIFEST = re.compile(r"(?P<name>[a-z0-9._/-]+)/manifests/(?P<reference>[^/]+)")
# What ECR's answers are called in the protocol.
_CODES = {
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
    "ImageDigestDoesNotMatchException": (400, "DIGEST_INVALID"),
}

Refused = Callable[[str], AwsError | None]


class Registry:
    """The repositories of the local ECR, with their blobs in the OCI image layout at `images`.

    `uploaded(repository, digest)` is called for each uploaded blob.
    `refused(call)` returns the error for a call such as ecr:InitiateLayerUpload that is to be refused.
    """

    def __init__(self, images: Path, refused: Refused, uploaded: Callable[[str, str], None]) -> None:
        self._blobs = images / "blobs" / "sha256"
        self._uploads = images / "uploads"
        self._refused = refused
        self._uploaded = uploaded
        self._password = secrets.token_urlsafe(48)

    def token(self, url: str, now: float) -> Response:
        """Answer GetAuthorizationToken: the login, and this endpoint as its address."""
        data = {
            "authorizationToken": base64.b64encode(f"AWS:{self._password}".encode()).decode(),
            "expiresAt": now + LASTS,
            "proxyEndpoint": url,
        }
        return Response(json.dumps({"authorizationData": [data]}), content_type="application/x-amz-json-1.1")

    def serve(self, request: Request, clients: Clients) -> Response:
        """Answer one request of the protocol."""
        given = request.authorization
        if given is None or not hmac.compare_digest((given.password or "").encode(), self._password.encode()):
            answer = _error(401, "UNAUTHORIZED", "Not Authorized")
            answer.headers["WWW-Authenticate"] = 'Basic realm="local ECR"'
            return answer
        path = request.path.removeprefix(ROUTE)
        if not path:
            return Response("{}", content_type="application/json")
        if match := _UPLOAD.fullmatch(path):
            return self._upload(request, clients, match["name"], match["upload"])
        if match := _BLOB.fullmatch(path):
            return self._blob(request, match["digest"])
        if match := _MANIFEST.fullmatch(path):
            return _manifest(request, clients, match["name"], match["reference"])
        return _error(404, "UNSUPPORTED", "There is no such page in the protocol.")

    def _blob(self, request: Request, digest: str) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return _error(405, "UNSUPPORTED", "A blob can only be read.")
        call = "BatchCheckLayerAvailability" if request.method == "HEAD" else "GetDownloadUrlForLayer"
        if denied := self._denied(call):
            return denied
        file = self._blobs / digest.removeprefix("sha256:")
        if not DIGEST.fullmatch(digest) or not file.is_file():
            return _error(404, "BLOB_UNKNOWN", f"There is no blob {digest}.")
        answer = send_file(file, request.environ, mimetype="application/octet-stream")
        answer.headers["Docker-Content-Digest"] = digest
        return answer

    def _upload(self, request: Request, clients: Clients, name: str, upload: str | None) -> Response:
        calls = {"POST": "InitiateLayerUpload", "PATCH": "UploadLayerPart", "PUT": "CompleteLayerUpload"}
        if request.method not in calls or (upload is None) != (request.method == "POST"):
            return _error(405, "UNSUPPORTED", "An upload is begun, continued and completed.")
        if denied := self._denied(calls[request.method]):
            return denied
        if upload is None:
            try:
                clients.ecr.describe_repositories(repositoryNames=[name])
            except ClientError as error:
                return _aws_refusal(error)
            upload = uuid.uuid4().hex
            self._uploads.mkdir(parents=True, exist_ok=True)
            (self._uploads / upload).touch()
        part = self._uploads / upload
        if not part.is_file():
            return _error(404, "BLOB_UPLOAD_UNKNOWN", "There is no such upload.")
        with part.open("ab") as file:
            while chunk := request.stream.read(CHUNK):
                file.write(chunk)
            size = file.tell()
        digest = request.args.get("digest")
        if digest is not None and request.method != "PATCH":
            return self._complete(part, name, digest)
        place = {
            "Location": f"{ROUTE}{name}/blobs/uploads/{upload}",
            "Docker-Upload-UUID": upload,
            "Range": f"0-{max(size - 1, 0)}",
        }
        return Response(status=202, headers=place)

    def _complete(self, part: Path, name: str, digest: str) -> Response:
        with part.open("rb") as file:
            actual = "sha256:" + hashlib.file_digest(file, "sha256").hexdigest()
        if actual != digest:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
            return _error(400, "DIGEST_INVALID", f"What was uploaded has the digest {actual}.")
        self._blobs.mkdir(parents=True, exist_ok=True)
        part.replace(self._blobs / actual.removeprefix("sha256:"))
        self._uploaded(name, actual)
        place = {"Location": f"{ROUTE}{name}/blobs/{actual}", "Docker-Content-Digest": actual}
        return Response(status=201, headers=place)

    def _denied(self, call: str) -> Response | None:
        refused = self._refused(f"ecr:{call}")
        return _refusal(refused, f"ecr:{call}") if refused else None


def _manifest(request: Request, clients: Clients, name: str, reference: str) -> Response:
    by_digest = DIGEST.fullmatch(reference) is not None
    try:
        if request.method == "PUT":
            return _put(request, clients, name, reference, by_digest=by_digest)
        if request.method in {"GET", "HEAD"}:
            image_id: ImageIdentifierTypeDef = {"imageDigest": reference} if by_digest else {"imageTag": reference}
            images = clients.ecr.batch_get_image(repositoryName=name, imageIds=[image_id])["images"]
            if not images:
                return _error(404, "MANIFEST_UNKNOWN", f"There is no image {reference} in {name}.")
            text, kind = images[0]["imageManifest"], images[0].get("imageManifestMediaType", "")
            return Response(text, content_type=kind, headers={"Docker-Content-Digest": _digest(text.encode())})
    except ClientError as error:
        return _aws_refusal(error)
    return _error(405, "UNSUPPORTED", "A manifest is put or read.")


def _put(request: Request, clients: Clients, name: str, reference: str, *, by_digest: bool) -> Response:
    manifest = request.get_data()
    digest = _digest(manifest)
    image_id: Any = {"imageDigest": reference if by_digest else digest} | ({} if by_digest else {"imageTag": reference})
    try:
        clients.ecr.put_image(
            repositoryName=name,
            imageManifest=manifest.decode(),
            imageManifestMediaType=request.content_type or "",
            **image_id,
        )
    except ClientError as error:
        if error.response["Error"].get("Code") != "ImageAlreadyExistsException":
            raise
    place = {"Location": f"{ROUTE}{name}/manifests/{digest}", "Docker-Content-Digest": digest}
    return Response(status=201, headers=place)


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def _aws_refusal(error: ClientError) -> Response:
    code, message = error.response["Error"].get("Code", ""), error.response["Error"].get("Message", "")
    if code in _CODES:
        status, name = _CODES[code]
        return _error(status, name, message)
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return _refusal(AwsError(status, code, message), f"ecr:{error.operation_name}")


def _refusal(error: AwsError, call: str) -> Response:
    if error.status >= 500:
        return _error(error.status, "UNKNOWN", error.message)
    if error.status == 429 or "Throttl" in error.code:
        return _error(429, "TOOMANYREQUESTS", error.message)
    if error.code.startswith("ExpiredToken"):
        return _error(403, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
    return _error(403, "DENIED", error.message or f"This caller is not authorized to perform: {call}")


def _error(status: int, code: str, message: str) -> Response:
    document = {"errors": [{"code": code, "message": message}]}
    return Response(json.dumps(document), status, content_type="application/json")
