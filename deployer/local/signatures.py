"""Signature Version 4 of a request, in its header or its query: verified by making it again with botocore's signer.

The signature is over the Host that was sent, so a program between the client and the endpoint changes nothing.
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


class _Wrong(Exception):
    """Why a request is refused: `kind` is one of the rows of CODES."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


# The code of each reason in the JSON protocols, and in the query protocol.
CODES = {
    "key": ("UnrecognizedClientException", "InvalidClientTokenId"),
    "signature": ("InvalidSignatureException", "SignatureDoesNotMatch"),
    "missing": ("MissingAuthenticationTokenException", "MissingAuthenticationToken"),
    "expired": ("InvalidSignatureException", "RequestExpired"),
}


class _Again(SigV4Auth):
    """The signer, with the headers that the client has signed instead of those that botocore would sign."""

    def headers_to_sign(self, request: Any) -> Any:
        return request.headers


def missing(request: Request) -> AwsError:
    return _error(request, _Wrong("missing", "The request has no Signature Version 4."))


def verify(request: Request, body: bytes, secret: Secret, now: datetime) -> AwsError | None:
    """None for a request that is signed with a key of this endpoint.

    `secret` gives the secret key for an access key and a session token, or None for a key that is not known.
    """
    try:
        _check(request, body, secret, now)
    except _Wrong as wrong:
        return _error(request, wrong)
    return None


def _error(request: Request, wrong: _Wrong) -> AwsError:
    query = not request.headers.get("X-Amz-Target") and (
        request.mimetype == "application/x-www-form-urlencoded" or "Action" in request.args
    )
    return AwsError(403 if query or wrong.kind == "missing" else 400, CODES[wrong.kind][query], str(wrong))


def _check(request: Request, body: bytes, secret: Secret, now: datetime) -> None:
    presigned = "Authorization" not in request.headers
    credential, signed, signature = _parts(request, presigned=presigned)
    key, day, region, service = credential
    stamp = _in_time(request, now, presigned=presigned)
    if stamp[:8] != day:
        raise _Wrong("signature", "The date of the credential's scope is not that of the request.")
    token = request.args.get("X-Amz-Security-Token", "") if presigned else ""
    known = secret(key, token or request.headers.get("X-Amz-Security-Token", ""))
    if known is None:
        why = "The security token included in the request is invalid: `deployer local env` prints this world's key."
        raise _Wrong("key", why)
    said = request.headers.get("X-Amz-Content-Sha256")
    if said is not None and said != hashlib.sha256(body).hexdigest():
        raise _Wrong("signature", "The body is not the one that was signed.")
    again = AWSRequest(request.method, _url(request, presigned=presigned), data=body)
    for name, value in _headers(request, signed):
        again.headers[name] = value
    again.context["timestamp"] = stamp
    signer = _Again(Credentials(key, known), service, region)
    made = signer.signature(signer.string_to_sign(again, signer.canonical_request(again)), again)
    if not hmac.compare_digest(made, signature):
        raise _Wrong("signature", "The request signature we calculated does not match the signature you provided.")


def _parts(request: Request, *, presigned: bool) -> tuple[list[str], list[str], str]:
    """The four parts of the credential, the names of the signed headers, and the signature."""
    if presigned:
        names = ("X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Signature")
        scope, signed, signature = (request.args.get(name, "") for name in names)
        if request.args.get("X-Amz-Algorithm") != ALGORITHM:
            raise _Wrong("missing", f"The request has no signature by {ALGORITHM}.")
    else:
        found = HEADER.fullmatch(request.headers["Authorization"].strip())
        if found is None:
            raise _Wrong("signature", "The Authorization header is not of Signature Version 4.")
        scope, signed, signature = found["credential"], found["signed"], found["signature"]
    parts, names_signed = scope.split("/"), signed.split(";")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise _Wrong("signature", "The credential has no scope of date, region, service and aws4_request.")
    # As AWS wants it: the host, and every header that changes what a request means to it.
    required = {"host"} | {name.lower() for name, _ in request.headers if name.lower().startswith("x-amz-")}
    if unsigned := sorted(required - set(names_signed)):
        raise _Wrong("signature", f"These headers have to be signed: {', '.join(unsigned)}.")
    return parts[:4], names_signed, signature


def _in_time(request: Request, now: datetime, *, presigned: bool) -> str:
    """The time of the signature, when that is now."""
    stamp = (request.args if presigned else request.headers).get("X-Amz-Date", "")
    try:
        if not stamp and not presigned:
            stamp = parsedate_to_datetime(request.headers.get("Date", "")).astimezone(UTC).strftime(STAMP)
        age = (now - datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)).total_seconds()
        lasts = int(request.args.get("X-Amz-Expires", "")) if presigned else SKEW
    except (ValueError, TypeError):
        raise _Wrong("signature", "The request does not say when it was signed.") from None
    if not -SKEW <= age <= min(lasts, LASTS_AT_MOST):
        raise _Wrong("expired", f"Signature expired: {stamp} is too far from {now.strftime(STAMP)}.")
    return stamp


def _url(request: Request, *, presigned: bool) -> str:
    """As it was sent, without the signature itself."""
    sent = urlsplit(str(request.environ.get("RAW_URI") or request.environ.get("REQUEST_URI") or request.full_path))
    query = sent.query
    if presigned:
        query = "&".join(pair for pair in query.split("&") if not pair.startswith("X-Amz-Signature="))
    return f"http://{request.headers.get('Host', '')}{sent.path}?{query}"


def _headers(request: Request, signed: list[str]) -> Iterator[tuple[str, str]]:
    for name in signed:
        values = request.headers.getlist(name)
        if not values:
            raise _Wrong("signature", f"The header {name} was signed, but not sent.")
        yield from ((name, value) for value in values)
