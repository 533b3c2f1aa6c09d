"""Another AWS endpoint instead of moto: the tests use it to compare this project with a second emulation."""

from __future__ import annotations

import http.client
from typing import Final
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from deployer.local.aws_errors import AwsError
from deployer.local.call import Call

VARIABLE: Final = "DEPLOYER_LOCAL_UPSTREAM"  # its URL, such as http://127.0.0.1:4567; only for tests
SECONDS: Final = 30.0
_NOT_PASSED: Final = frozenset({"connection", "content-length", "host", "transfer-encoding", "expect"})


class Upstream:
    """The AWS endpoint at `url`. Requests and answers pass as they are. Any thread."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def load(self) -> None:
        """Do nothing: the endpoint runs already."""

    def ask(self, call: Call, request: Request, body: bytes) -> Response | AwsError:
        """Return the endpoint's answer to a request with `body`."""
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _NOT_PASSED}
        query = request.query_string.decode()
        connection = http.client.HTTPConnection(self._address, timeout=SECONDS)
        try:
            connection.request(request.method, f"{request.path}?{query}" if query else request.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            text = (
                f"The AWS endpoint {self._address} failed on {call.service}:{call.operation} ({type(error).__name__})."
            )
            return AwsError(501, "NotEmulated", text)
        finally:
            connection.close()
        passed = [(name, value) for name, value in answer.getheaders() if name.lower() not in _NOT_PASSED]
        return Response(content, answer.status, passed)
