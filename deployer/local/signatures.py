"""Verify the Signature Version 4 of a request, in its header or its query, with botocore's signer.

The Host that was sent is signed, so a proxy between the client and the endpoint does not break the signature.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.wrappers import Request

from deployer.local.aws_errors import AwsError

SKEW = 300  # seconds a clock may differ
LASTS_AT_MOST = 604800  # seconds; a presigned address is good for a week at the most
ALGORITHM = "AWS4-HMAC-SHA256"
STAMP = "%Y%m%dT%H%M%SZ"
HEADER = re.compile(
    rf"{ALGORITHM}\s+Credential=(?P<credential>[^,\s]+),\s*SignedHeaders=(?P<signed>[^,\s]+),\s*"
    r"Signature=(?P<signature>[0-9a-f]{64})"
)

Secret = Callable[[str, str], str | None]


class ExpiredToken(Exception):
    """The credentials have ended."""


class _Invalid(Exception):
    """Why a request is refused: `kind` is a key of CODES."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


# The code of each reason in the JSON protocols, and in the query protocol.
CODES = {
    "key": ("UnrecognizedClientException", "InvalidClientTokenId"),
    "signature": ("InvalidSignatureException", "SignatureDoesNotMatch"),
    "missing": ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    "expired": ("InvalidSignatureException", "RequestExpired"),
    "token": ("ExpiredTokenException", "ExpiredToken"),
}


class _Signer(SigV4Auth):
    """Sign the headers that the client has signed, instead of those that botocore would sign."""

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers


def missing(request: Request) -> AwsError:
    return _error(request, _Invalid("missing", "The request has no Signature Version 4."))


def verify(request: Request, body: bytes, secret: Secret, now: datetime) -> AwsError | None:
    """Return None for a request that is signed with a key of this endpoint, and the error for any other.

    `secret` returns the secret key for an access key and a session token, or None for an unknown key. It raises
    ExpiredToken for credentials that have ended.
    """
    try:
        _check(request, body, secret, now)
    except _Invalid as invalid:
        return _error(request, invalid)
    return None


def _error(request: Request, invalid: _Invalid) -> AwsError:
    query = not request.headers.get("X-Amz-Target") and (
        request.mimetype == "application/x-www-form-urlencoded" or "Action" in request.args
    )
    return AwsError(403 if query or invalid.kind == "missing" else 400, CODES[invalid.kind][query], str(invalid))


def _check(request: Request, body: bytes, secret: Secret, now: datetime) -> None:
    presigned = "Authorization" not in request.headers
    credential, signed, signature = _parts(request, presigned=presigned)
    key, day, region, service = credential
    stamp = _in_time(request, now, presigned=presigned)
    if stamp[:8] != day:
        raise _Invalid("signature", "The date in the credential's scope differs from the date of the request.")
    token = request.args.get("X-Amz-Security-Token", "") if presigned else ""
    try:
        known = secret(key, token or request.headers.get("X-Amz-Security-Token", ""))
    except ExpiredToken:
        raise _Invalid("token", "The security token included in the request is expired.") from None
    if known is None:
        why = "The security token included in the request is invalid: `deployer local env` prints this world's key."
        raise _Invalid("key", why)
    claimed = request.headers.get("X-Amz-Content-Sha256")
    if claimed is not None and claimed != hashlib.sha256(body).hexdigest():
        raise _Invalid("signature", "The body differs from the signed body.")
    copy = AWSRequest(request.method, _url(request, presigned=presigned), data=body)
    for name, value in _headers(request, signed):
        copy.headers[name] = value
    copy.context["timestamp"] = stamp
    signer = _Signer(Credentials(key, known), service, region)
    expected = signer.signature(signer.string_to_sign(copy, signer.canonical_request(copy)), copy)
    if not hmac.compare_digest(expected, signature):
        raise _Invalid("signature", "The request signature we calculated does not match the signature you provided.")


def _parts(request: Request, *, presigned: bool) -> tuple[list[str], list[str], str]:
    """Return the four parts of the credential, the names of the signed headers, and the signature."""
    if presigned:
        names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature")
        scope, signed, signature = (request.args.get(name, "") for name in names)
        if request.args.get("X-Amz-Algorithm") != ALGORITHM:
            raise _Invalid("missing", f"The request has no signature by {ALGORITHM}.")
    else:
        match = HEADER.fullmatch(request.headers["Authorization"].strip())
        if match is None:
            raise _Invalid("signature", "The Authorization header is not of Signature Version 4.")
        scope, signed, signature = match["credential"], match["signed"], match["signature"]
    parts, names_signed = scope.split("/"), signed.split(";")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise _Invalid("signature", "The credential has no scope of date, region, service and aws4_request.")
    # AWS requires a signature over the host, and every header that changes what a request means to it.
    required = {"host"} | {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")}
    if unsigned := sorted(required - set(names_signed)):
        raise _Invalid("signature", f"These headers must be signed: {', '.join(unsigned)}.")
    return parts[:4], names_signed, signature


def _in_time(request: Request, now: datetime, *, presigned: bool) -> str:
    """Return the time of the signature. Raises _Invalid if it is not valid now."""
    stamp = (request.args if presigned else request.headers).get("X-Amz-Date", "")
    try:
        if not stamp and not presigned:
            stamp = parsedate_to_datetime(request.headers.get("Date", "")).astimezone(UTC).strftime(STAMP)
        age = (now - datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)).total_seconds()
        lasts = int(request.args.get("X-Amz-Expires", "")) if presigned else SKEW
    except (ValueError, TypeError):
        raise _Invalid("signature", "The request has no valid X-Amz-Date or Date.") from None
    if not -SKEW <= age <= min(lasts, LASTS_AT_MOST):
        raise _Invalid("expired", f"Signature expired: {stamp} is too far from {now.strftime(STAMP)}.")
    return stamp


def _url(request: Request, *, presigned: bool) -> str:
    """Return the URL as it was sent, without the signature itself."""
    sent = urlsplit(str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path))
    query = sent.query
    if presigned:
        query = "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
    return f"http://{request.headers.get('Host', '')}{sent.path}?{query}"


def _headers(request: Request, signed: list[str]) -> Iterator[tuple[str, str]]:
    for name in signed:
        values = request.headers.getlist(name)
        if not values:
            raise _Invalid("signature", f"The signed header {name} was not sent.")
        yield from ((name, value) for value in values)
