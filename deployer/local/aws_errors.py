"""Render errors in the AWS protocol of a request."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from werkzeug.wrappers import Request, Response

XML_SERVICES = frozenset({"s3", "route53", "cloudfront", "s3-control"})


@dataclass(frozen=True)
class AwsError:
    """An HTTP status, a code for programs, and a message for people."""

    status: int
    code: str
    message: str


def not_emulated(service: str, operation: str) -> AwsError:
    """Return the error of an operation that is not emulated. botocore does not retry status 501."""
    return AwsError(501, "NotEmulated", f"The local AWS endpoint does not emulate {service}:{operation}.")


def render(error: AwsError, request: Request, service: str = "") -> Response:
    """Render JSON for the JSON protocols, XML for the query protocol and for services that use XML."""
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    content_type = request.headers.get("Content-Type", "")
    query = content_type.startswith("application/x-www-form-urlencoded") or "Action" in request.args
    if service in XML_SERVICES or (query and "X-Amz-Target" not in request.headers):
        body = (
            "<ErrorResponse><Error>"
            f"<Type>{'Sender' if error.status < 500 else 'Receiver'}</Type>"
            f"<Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message>"
            f"</Error><RequestId>{request_id}</RequestId></ErrorResponse>"
        )
        return Response(body, error.status, headers, content_type="text/xml")
    # Some models spell it Message, most message; botocore reads either.
    text = json.dumps({"__type": error.code, "Message": error.message, "message": error.message})
    kind = content_type if content_type.startswith("application/x-amz-json") else "application/json"
    return Response(text, error.status, headers, content_type=kind)
