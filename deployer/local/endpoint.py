"""The AWS endpoint on one port: compute platforms by this project, seven services by moto, a clean error for the rest.

The service is read from the scope of the request's signature. The signature is verified, and the control routes need
the world's token: only a user who can read the world's keys can use it. /_local/world alone needs no token: it shows
whose world this is.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.wrappers import Request, Response

from deployer.local import (
    blobs,
    faults,
    instance_credentials,
    instance_routes,
    layers,
    moto_services,
    refusals,
    registry,
    signatures,
    simulation,
)
from deployer.local.authorization import Authorizer
from deployer.local.aws_errors import AwsError, not_emulated, render
from deployer.local.call import Call, read_call
from deployer.local.clients import Clients
from deployer.local.corrections import Corrections
from deployer.local.corrections.wire import answered, parsed
from deployer.local.emulators import SWITCHES, make_emulators
from deployer.local.faults import Faults
from deployer.local.host import Emulator, Host
from deployer.local.instance_credentials import InstanceCredentials
from deployer.local.layers import Layers
from deployer.local.loopback import may_ask
from deployer.local.upstream import Upstream
from deployer.world_keys import Keys, proves

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

GLOBAL = frozenset({"iam", "sts"})  # signed for us-east-1 too
LARGEST_BODY = 64 * 1024 * 1024  # bytes
OPEN = ("/_local/world", "/_local/github/")  # GitHub has tokens of its own, and checks this one itself
LOOK = 0.2  # seconds between two looks of the server whether it shall stop


class _Services(Protocol):
    """The services other than the compute platforms."""

    def load(self) -> None:
        """Import what is slow to import."""

    def ask(self, call: Call, request: Request, body: bytes) -> Response | AwsError:
        """Return the answer to a request with `body` instead of its own."""


class AwsEndpoint:
    """An AWS endpoint on 127.0.0.1. `port` 0 takes any free one; `control` answers the other paths below /_local/.

    `images` is the OCI image layout that stands for ECR's storage, `work` a directory for what is unpacked from it.
    `loop` serves the public ports of deployed services, and `emulate` makes the compute platforms. `upstream` is the
    URL of another AWS endpoint that answers instead of moto.
    """

    def __init__(
        self,
        *,
        port: int,
        account: str,
        region: str,
        images: Path,
        work: Path,
        loop: asyncio.AbstractEventLoop,
        control: Wsgi,
        keys: Keys,
        emulate: Callable[[Host], Iterable[Emulator]] = make_emulators,
        upstream: str | None = None,
    ) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._port = port
        self._region = region
        self._control = control
        self.keys = keys
        self._emulate = emulate
        self._host = partial(Host, account=account, region=region, images=images, work=work, loop=loop)
        self._faults = Faults({**refusals.SWITCHES, **SWITCHES})
        self._emulators: dict[str, Emulator] = {}
        self._blobs = blobs.Blobs(images, keys.token)
        self._registry = registry.Registry(images, self._refused, self._blobs.uploaded)
        self._layers = Layers(self._blobs)
        self._clients: Clients | None = None
        self._credentials: InstanceCredentials | None = None
        self._authorizer: Authorizer | None = None
        self._account = account
        self._moto = None if upstream else moto_services.MotoServices(account, region)
        self._services: _Services = Corrections(self._moto) if self._moto else Upstream(upstream or "")
        self._server: BaseWSGIServer | None = None
        self._threads: list[threading.Thread] = []

    def listen(self) -> None:
        """Take the port; requests wait until the start. Raises OSError when the port is taken."""
        with socket.create_server(("127.0.0.1", self._port), backlog=128) as listener:
            self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            self._server = make_server(
                "127.0.0.1", self._port, self, threaded=True, request_handler=_Quiet, fd=listener.fileno()
            )

    def start(self) -> None:
        """Listen, and load what is slow to load in the background. Raises OSError when the port is taken."""
        if self._server is None:
            self.listen()
        assert self._server is not None
        self._clients = Clients(self.url, self._region, self.keys)
        self._credentials = InstanceCredentials(self._clients)
        self._authorizer = Authorizer(self._clients, self._account)
        host = self._host(clients=self._clients, faults=self._faults, credentials=self._credentials)
        self._emulators = {emulator.service: emulator for emulator in self._emulate(host)}
        for emulator in self._emulators.values():
            emulator.start()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(LOOK,), name="aws-endpoint", daemon=True),
            threading.Thread(target=self._load, name="aws-loader", daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let requests end and stop every instance, then stop listening. Not from the loop's own thread."""
        if self._server is None or self._clients is None:
            return
        for emulator in self._emulators.values():
            emulator.stop()
        self._server.shutdown()
        for thread in self._threads:
            thread.join()
        self._clients.close()
        self._server = self._clients = None

    def _load(self) -> None:
        self._services.load()
        if self._clients is not None:
            self._clients.load()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI request."""
        request = Request(environ)
        if not _from_this_machine(request):
            error = AwsError(403, "AccessDenied", "Only this machine may ask, by 127.0.0.1 or localhost.")
            return render(error, request)(environ, start_response)
        if request.path.startswith("/_local/"):
            return self._local(request)(environ, start_response)
        if request.path.startswith(registry.ROUTE):
            assert self._clients is not None
            return self._registry.serve(request, self._clients)(environ, start_response)
        if (request.content_length or 0) > LARGEST_BODY:
            error = AwsError(413, "RequestEntityTooLarge", f"A request has at most {LARGEST_BODY} bytes.")
            return render(error, request)(environ, start_response)
        body = request.get_data(cache=True)
        call = read_call(request, body)
        if call is None:
            return render(signatures.missing(request), request)(environ, start_response)
        if wrong := signatures.verify(request, body, self._secret, datetime.now(UTC)):
            return render(wrong, request, call.service)(environ, start_response)
        answer = self._forbidden(call, request, body) or self._answer(call, request, body)
        assert self._authorizer is not None
        self._authorizer.answered(call)
        if isinstance(answer, AwsError):
            answer = render(answer, request, call.service)
        answer.headers.setdefault("x-amzn-RequestId", str(uuid.uuid4()))
        return answer(environ, start_response)

    def _local(self, request: Request) -> Wsgi:
        if request.path.startswith(blobs.ROUTE):
            return self._blobs.serve(request)
        if request.path.startswith(instance_credentials.ROUTE) and request.method == "GET":
            assert self._credentials is not None
            return self._credentials.serve(request.path, request.headers.get("Authorization", ""))
        if not request.path.startswith(OPEN) and not proves(request.headers.get("Authorization"), self.keys.token):
            refusal = {"error": "this needs the token of the local world; `deployer local env` prints it"}
            return Response(json.dumps(refusal), 401, content_type="application/json")
        if request.path == faults.ROUTE and request.method in {"GET", "PUT", "DELETE"}:
            status, document = faults.answer(self._faults, request.method, request.get_data())
            return Response(json.dumps(document), status, content_type="application/json")
        if request.path.startswith(instance_routes.ROUTE):
            return instance_routes.serve(self._emulators.values(), request)
        return self._control

    def _secret(self, access_key: str, token: str) -> str | None:
        """Return the secret key for an access key: the world's, an instance's, or one created by its IAM."""
        if access_key == self.keys.access_key:
            return self.keys.secret_key
        assert self._credentials is not None
        if issued := self._credentials.find(access_key, token):
            if self._credentials.expired(issued):
                raise signatures.ExpiredToken
            return issued.secret_key
        return self._moto.secret(access_key, token) if self._moto else None

    def _forbidden(self, call: Call, request: Request, body: bytes) -> AwsError | None:
        """Return the error for a call that an instance's role does not allow, or None."""
        assert self._credentials is not None
        assert self._authorizer is not None
        token = request.headers.get("X-Amz-Security-Token") or request.args.get("X-Amz-Security-Token", "")
        issued = self._credentials.find(call.access_key, token)
        return self._authorizer.refused(issued, call, body) if issued else None

    def _answer(self, call: Call, request: Request, body: bytes) -> Response | AwsError:
        if call.region != self._region and call.service not in GLOBAL:
            why = f"Credential should be scoped to a valid region: this endpoint is {self._region}, not {call.region}."
            return AwsError(400, "InvalidSignatureException", why)
        reads = (call.service, call.operation) == ("sts", "GetCallerIdentity")  # AWS answers it presigned
        if request.method != "POST" and not reads and call.service in {*self._emulators, *moto_services.SERVICES}:
            return AwsError(405, "MethodNotAllowed", "An AWS call is a POST here, so that a GET changes nothing.")
        if refused := self._refused(f"{call.service}:{call.operation}"):
            return refused
        if emulator := self._emulators.get(call.service):
            return emulator.answer(call.operation, body)
        assert self._clients is not None
        match call.service, call.operation:
            case "iam", simulation.OPERATION:
                return simulation.simulate(self._clients, body)
            case "ecr", registry.OPERATION:
                return self._registry.token(self.url, time.time())
            case "ecr", blobs.OPERATION:
                return self._blobs.download_url(self._clients, self.url, body)
        if call.service == "ecr" and call.operation in layers.OPERATIONS:
            return self._layers.ask(call, body, lambda: self._services.ask(call, request, body))
        if call.service in moto_services.SERVICES:
            return self._from_services(call, request, body)
        return not_emulated(call.service, call.operation)

    def _from_services(self, call: Call, request: Request, body: bytes) -> Response | AwsError:
        """Ask the other services. An image pushed to ECR with a tag may be deployed automatically."""
        answer = self._services.ask(call, request, body)
        if (call.service, call.operation) == ("ecr", "PutImage") and answered(answer) is not None:
            image = parsed(body)
            if image.get("imageTag"):
                for emulator in self._emulators.values():
                    emulator.pushed(image["repositoryName"], image["imageTag"])
        return answer

    def _refused(self, call: str) -> AwsError | None:
        """Return the error that a fault switch demands for a call, or None."""
        failures = {name: emulator.failure_code for name, emulator in self._emulators.items()}
        return refusals.refused(self._faults, call, failures)


def _from_this_machine(request: Request) -> bool:
    headers = request.headers
    return may_ask(headers.get("Host", ""), headers.get("Origin"), headers.get("Sec-Fetch-Site"))


class _Quiet(WSGIRequestHandler):
    """Keeps requests out of the world's log."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 -- the name of the base class
        pass
