"""Where moto's answers differ from AWS in a way that matters here, they are put right on their way through.

`before` looks at a request, `after` at the answer to it. Neither touches moto itself.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from werkzeug.wrappers import Response

from deployer.local.aws_errors import AwsError
from deployer.local.call import Call

READS = frozenset({"GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"})
_KEY = secrets.token_bytes(32)  # of this process: a ciphertext tells nothing about its value


def before(call: Call, body: bytes) -> bytes | AwsError:
    """PutImage always carries the digest of its manifest: moto computes another one, and checks none it is given."""
    if (call.service, call.operation) != ("ecr", "PutImage"):
        return body
    request = _parsed(body)
    manifest = request.get("imageManifest")
    if not isinstance(manifest, str):
        return body
    digest = _digest(manifest)
    if request.setdefault("imageDigest", digest) != digest:
        return AwsError(
            400,
            "ImageDigestDoesNotMatchException",
            f"The image manifest has the digest {digest}, not the one given.",
        )
    return json.dumps(request).encode()


def after(call: Call, body: bytes, response: Response) -> None:
    """Change the answer in place."""
    if call.service == "ssm" and call.operation in READS and response.status_code == 200:
        if _parsed(body).get("WithDecryption") is not True:
            _encrypt(response)
    elif (call.service, call.operation) == ("ecr", "PutImage") and response.status_code == 400:
        _name_tag_clash(body, response)


def _encrypt(response: Response) -> None:
    """A SecureString that is read without decryption is ciphertext; moto gives the plain text behind a prefix."""
    answer = _parsed(response.get_data())
    parameters = answer.get("Parameters") or [answer.get("Parameter")]
    for parameter in parameters:
        if isinstance(parameter, dict) and parameter.get("Type") == "SecureString":
            seed = f"{parameter.get('Name')}:{parameter.get('Version')}".encode()
            parameter["Value"] = base64.b64encode(b"\x01" + hmac.digest(_KEY, seed, "sha512") * 2).decode()
    response.set_data(json.dumps(answer))


def _name_tag_clash(body: bytes, response: Response) -> None:
    """Another manifest under an immutable tag is ImageTagAlreadyExistsException; moto has one code for both cases."""
    answer, request = _parsed(response.get_data()), _parsed(body)
    if not str(answer.get("__type", "")).endswith("ImageAlreadyExistsException"):
        return
    if _digest(str(request.get("imageManifest"))) in str(answer.get("message")):
        return
    code = "ImageTagAlreadyExistsException"
    tag, repository = request.get("imageTag"), request.get("repositoryName")
    text = f"The image tag '{tag}' already exists in the '{repository}' repository and cannot be overwritten."
    response.set_data(json.dumps({"__type": code, "message": text}))
    response.headers["x-amzn-ErrorType"] = code


def _digest(manifest: str) -> str:
    return "sha256:" + hashlib.sha256(manifest.encode()).hexdigest()


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
