"""Layers that are uploaded with the ECR API: store their bytes in the OCI image layout."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from typing import Final

from werkzeug.wrappers import Response

from deployer.local.aws_errors import AwsError
from deployer.local.blobs import Blobs
from deployer.local.call import Call
from deployer.local.corrections.wire import answered, parsed

OPERATIONS: Final = frozenset({"UploadLayerPart", "CompleteLayerUpload"})


class Layers:
    """Collects the parts of each upload until it is complete. moto stores none of their bytes and checks no digest."""

    def __init__(self, blobs: Blobs) -> None:
        self._blobs = blobs
        self._parts: dict[str, bytearray] = {}

    def ask(self, call: Call, body: bytes, ask: Callable[[], Response | AwsError]) -> Response | AwsError:
        """Answer a call of OPERATIONS, by way of moto. InvalidLayerException for a different digest."""
        request = parsed(body)
        upload, repository = str(request.get("uploadId")), str(request.get("repositoryName"))
        if call.operation == "UploadLayerPart":
            answer = ask()
            if answered(answer) is not None:
                self._parts.setdefault(upload, bytearray()).extend(_decoded(request.get("layerPartBlob")))
            return answer
        content = bytes(self._parts.get(upload, b""))
        digest = "sha256:" + hashlib.sha256(content).hexdigest()
        if upload in self._parts and digest not in (request.get("layerDigests") or [digest]):
            text = f"The layer digest calculated by Amazon ECR, {digest}, does not match the digest specified."
            return AwsError(400, "InvalidLayerException", text)
        answer = ask()
        if answered(answer) is not None:
            self._parts.pop(upload, None)
            self._blobs.keep(repository, digest, content)
        return answer


def _decoded(blob: object) -> bytes:
    try:
        return base64.b64decode(str(blob or ""), validate=True)
    except binascii.Error:
        return b""
