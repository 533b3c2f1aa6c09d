"""The services that moto emulates, called through its unmodified WSGI applications."""

from __future__ import annotations

import contextlib
import hmac
import io
import os
import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as Xml

from botocore.loaders import Loader
from botocore.model import OperationNotFoundError
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request, Response

from deployer.aws.models import Files
from deployer.local.aws_errors import AwsError, not_emulated

if TYPE_CHECKING:
    from deployer.local.call import Call

# One harmless request to each, so that the first real one does not pay for loading the service.
FIRST_REQUESTS = {
    "ssm": ("AmazonSSM.DescribeParameters", ""),
    "ecr": ("AmazonEC2ContainerRegistry_V20150921.DescribeRepositories", ""),
    "iam": ("", "Action=ListRoles&Version=2010-05-08"),
    "sts": ("", "Action=GetCallerIdentity&Version=2011-06-15"),
    "logs": ("Logs_20140328.DescribeLogGroups", ""),
    "sqs": ("AmazonSQS.ListQueues", ""),
}
# Loaded when they are first called: a local world needs them only if its manifest does.
SELDOM = ("dynamodb",)
# moto reads and writes an item in two steps, so that of two updates at once one is lost.
ONE_AT_A_TIME = ("dynamodb",)
SERVICES = (*FIRST_REQUESTS, *SELDOM)


class MotoServices:
    """One account and region of moto. Any thread; the first use imports moto."""

    def __init__(self, account: str, region: str) -> None:
        self._account = account
        self._region = region
        self._lock = threading.Lock()
        self._turns = {service: threading.Lock() for service in ONE_AT_A_TIME}
        self._apps: dict[str, Any] = {}

    def load(self) -> None:
        """Import moto and each of its services, which takes some seconds."""
        for service, (target, form) in FIRST_REQUESTS.items():
            scope = f"local/20200101/{self._region}/{service}/aws4_request"
            headers = Headers({"Authorization": _authorization(scope)})
            if target:
                headers["X-Amz-Target"] = target
            builder = EnvironBuilder(method="POST", headers=headers, data=form or "{}", content_type=_type(target))
            self._pass(service, builder.get_environ())

    def caller(self, access_key: str) -> str:
        """Return the ARN of the caller that signs with this key, as GetCallerIdentity returns it."""
        scope = f"{access_key}/20200101/{self._region}/sts/aws4_request"
        builder = EnvironBuilder(
            method="POST",
            headers=Headers({"Authorization": _authorization(scope)}),
            data=FIRST_REQUESTS["sts"][1],
            content_type=_type(""),
        )
        answer = Xml.fromstring(self._pass("sts", builder.get_environ()).get_data())  # noqa: S314 -- moto's own
        return answer.findtext(".//{*}Arn", "")

    def secret(self, access_key: str, token: str) -> str | None:
        """Return the secret key of a user, or of an assumed role with its session token; None for any other key."""
        if not {"iam", "sts"} & self._apps.keys():
            return None  # no user or role exists yet
        from moto.iam.models import iam_backends  # noqa: PLC0415 -- slow, and loaded by now
        from moto.sts.models import sts_backends  # noqa: PLC0415

        for user in [*iam_backends[self._account]["aws"].users.values()]:
            for key in user.access_keys:
                if key.access_key_id == access_key and key.status == "Active":
                    return str(key.secret_access_key)
        role = sts_backends[self._account]["aws"].get_assumed_role_from_access_key(access_key)
        return str(role.secret_access_key) if role and hmac.compare_digest(role.session_token, token) else None

    def ask(self, call: Call, request: Request, body: bytes) -> Response | AwsError:
        """Return the answer to a request with `body` instead of its own."""
        environ = dict(request.environ)
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        if "X-Amz-Credential" in request.args:  # moto looks into the header only
            environ["HTTP_AUTHORIZATION"] = _authorization(request.args["X-Amz-Credential"])
        try:
            answer = self._pass(call.service, environ)
        except (NotImplementedError, OperationNotFoundError):
            return not_emulated(call.service, call.operation)
        except Exception as error:  # noqa: BLE001 -- moto fails in many ways; its words could repeat a secret
            failure = f"The local AWS endpoint failed on {call.service}:{call.operation} ({type(error).__name__})."
            return AwsError(501, "NotEmulated", failure)
        if _is_page(answer):
            return not_emulated(call.service, call.operation)
        return answer

    def _pass(self, service: str, environ: Mapping[str, Any]) -> Response:
        account = {"HTTP_X_MOTO_ACCOUNT_ID": self._account}
        app = self._app(service)
        with self._turns.get(service, contextlib.nullcontext()):
            return Response.from_app(app, {**environ, **account}, buffered=True)

    def _app(self, service: str) -> Any:
        """Return the service's application. moto's server would search all services for it on each request."""
        with self._lock:
            if service not in self._apps:
                os.environ.setdefault("MOTO_IAM_LOAD_MANAGED_POLICIES", "true")  # moto reads it when it is imported
                Loader.FILE_LOADER_CLASS = Files  # moto makes a loader for every question
                from moto.moto_server.werkzeug_app import create_backend_app  # noqa: PLC0415

                self._apps[service] = create_backend_app(service)  # type: ignore[arg-type]
            return self._apps[service]


def _authorization(credential: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders=host, Signature=none"


def _type(target: str) -> str:
    return "application/x-amz-json-1.1" if target else "application/x-www-form-urlencoded"


def _is_page(answer: Response) -> bool:
    """Return whether the answer is an HTML page instead of an answer of AWS."""
    if answer.status_code == 404 and b"Not yet implemented" in answer.get_data():
        return True
    return answer.status_code >= 500 and answer.mimetype == "text/html"
