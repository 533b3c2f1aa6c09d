"""Correct moto's answers where they differ from AWS in a way that matters here.

Requests are checked before moto gets them, and answers are changed after it. moto itself is unchanged.
"""

from __future__ import annotations

from werkzeug.wrappers import Request, Response

from deployer.local.aws_errors import AwsError
from deployer.local.call import Call
from deployer.local.corrections import ecr
from deployer.local.corrections.dynamodb import DynamoDb
from deployer.local.corrections.ssm import Ssm
from deployer.local.moto_services import MotoServices


class Corrections:
    """moto's services with corrected answers. Any thread."""

    def __init__(self, moto: MotoServices) -> None:
        self._moto = moto
        self._ssm = Ssm(moto.caller)
        self._dynamodb = DynamoDb()

    def load(self) -> None:
        """Import moto and its services."""
        self._moto.load()

    def ask(self, call: Call, request: Request, body: bytes) -> Response | AwsError:
        def ask(sent: bytes) -> Response | AwsError:
            return self._moto.ask(call, request, sent)

        match call.service:
            case "dynamodb":
                return self._dynamodb.corrected(call, body, ask)
            case "ecr":
                return ecr.corrected(call, body, ask)
            case "ssm":
                return self._ssm.corrected(call, body, ask)
        return ask(body)
