"""Another AWS endpoint behind the local one: requests and answers pass as they are."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from deployer.local.aws_errors import AwsError
from deployer.local.call import Call
from deployer.local.upstream import Upstream
from tests.serving import serving

CALL = Call("ssm", "us-west-2", "GetParameter", "key")


class Behind(HTTPServer):
    """It answers with what it was asked."""

    asked: tuple[str, str, str, bytes]


class Answering(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Behind)
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.asked = (self.path, self.headers["X-Amz-Target"], self.headers["Authorization"], body)
        self.send_response(400)
        self.send_header("x-amzn-ErrorType", "ParameterNotFound")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def behind() -> Iterator[Behind]:
    with serving(Answering, Behind) as server:
        assert isinstance(server, Behind)
        yield server


def request() -> Request:
    headers = [("X-Amz-Target", "AmazonSSM.GetParameter"), ("Authorization", "signed")]
    return Request(
        EnvironBuilder(method="POST", path="/a", query_string="b=c", headers=headers, data=b"1").get_environ()
    )


def test_a_request_and_its_answer_pass(behind: Behind) -> None:
    answer = Upstream(f"http://127.0.0.1:{behind.server_port}").ask(CALL, request(), b"{ }")
    assert behind.asked == ("/a?b=c", "AmazonSSM.GetParameter", "signed", b"{ }")
    assert isinstance(answer, Response)
    assert (answer.status_code, answer.headers["x-amzn-ErrorType"], answer.get_data()) == (
        400,
        "ParameterNotFound",
        b"{}",
    )


def test_an_endpoint_that_is_gone_is_an_error(behind: Behind) -> None:
    url = f"http://127.0.0.1:{behind.server_port}"
    behind.socket.close()
    answer = Upstream(url).ask(CALL, request(), b"{}")
    assert isinstance(answer, AwsError)
    assert (answer.status, answer.code) == (501, "NotEmulated")
