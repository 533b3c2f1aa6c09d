"""A started AWS endpoint, and tiny real images in its ECR: what the tests of every local compute platform need."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials

from deployer.local.endpoint import AwsEndpoint
from deployer.local.host import Emulator, Host
from deployer.world_keys import Keys

ACCOUNT, REGION = "000000000000", "us-west-2"
REPOSITORY = "small"
CONFIG_TYPE = "application/vnd.oci.image.config.v1+json"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
LAYER_TYPE = "application/vnd.oci.image.layer.v1.tar"
RetryMode = Literal["legacy", "standard"]

# The service of most images here. / tells who answers; the rest is for single tests.
PROGRAM = r"""
import json, os, signal, socket, sys, threading, time

print("instance of", os.environ.get("VERSION"), "starts\n\n", flush=True)
if os.environ.get("EXIT_AT_START"):
    sys.exit(int(os.environ["EXIT_AT_START"]))
signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
sick = threading.Event()

def answer(method, path, headers, body):
    if method == "POST":
        return 200, os.environ.get("VERSION", "").encode() + b":" + body
    if path == "/health":
        return (503 if sick.is_set() or os.environ.get("SICK") else 200), b"{}"
    if path == "/die":
        os._exit(9)
    if path == "/sicken":
        sick.set()
    if path.startswith("/status="):
        return int(path.partition("=")[2]), b"{}"
    if path.startswith("/slow"):
        time.sleep(float(path.partition("=")[2]))
    who = {"pid": os.getpid(), "env": dict(os.environ), "cwd": os.getcwd(), "path": path}
    return 200, json.dumps(who).encode()

def serve(connection):
    with connection, connection.makefile("rwb") as stream:
        method, path, _ = stream.readline().decode().split()
        headers = {}
        while (line := stream.readline().strip()):
            name, _, value = line.decode().partition(":")
            headers[name.lower()] = value.strip()
        status, body = answer(method, path, headers, stream.read(int(headers.get("content-length", 0))))
        head = f"HTTP/1.1 {status} Whatever\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        stream.write(head.encode() + (b"" if method == "HEAD" else body))

def attempt(connection):
    try:
        serve(connection)
    except (OSError, ValueError):
        pass

listener = socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=256)
while True:
    threading.Thread(target=attempt, args=(listener.accept()[0],), daemon=True).start()
"""


@dataclass(frozen=True)
class Pushed:
    """An image in ECR."""

    uri: str
    digest: str


@dataclass
class Harness:
    """One endpoint with its clients."""

    endpoint: AwsEndpoint
    images: Path
    loop: asyncio.AbstractEventLoop
    clients: dict[str, Any] = field(default_factory=dict)
    account: ClassVar[str] = ACCOUNT  # moto keeps one state for each account of a process

    @classmethod
    @contextlib.contextmanager
    def started(
        cls, emulate: Callable[[Host], Iterable[Emulator]], images: Path, work: Path, loop: asyncio.AbstractEventLoop
    ) -> Iterator[Self]:
        """An endpoint on a free port, with the account of this class, until the end of the block."""
        endpoint = AwsEndpoint(
            port=0,
            account=cls.account,
            region=REGION,
            images=images,
            work=work,
            loop=loop,
            control=control,
            keys=Keys.make(),
            emulate=emulate,
        )
        endpoint.start()
        harness = cls(endpoint, images, loop)
        try:
            yield harness
        finally:
            for client in harness.clients.values():
                client.close()
            endpoint.stop()

    def client(self, service: str, region: str = REGION, *, mode: RetryMode = "legacy", retries: int = 1) -> Any:
        """A real boto3 client, with parameter validation off where a test wants to send nonsense itself."""
        key = f"{service}/{region}" if (mode, retries) == ("legacy", 1) else f"{service}/{region}/{mode}/{retries}"
        if key not in self.clients:
            make: Any = boto3.client  # typed for each service by its literal name
            self.clients[key] = make(
                service,
                region_name=region,
                endpoint_url=self.endpoint.url,
                aws_access_key_id=self.endpoint.keys.access_key,
                aws_secret_access_key=self.endpoint.keys.secret_key,
                config=Config(retries={"mode": mode, "max_attempts": retries}, parameter_validation=False),
            )
        return self.clients[key]

    def post(
        self, body: bytes, *, service: str, region: str = REGION, version: str = "1.0", **headers: str
    ) -> tuple[int, Any]:
        """A request that no client would send: its status and the JSON of its answer."""
        sent = {"Content-Type": f"application/x-amz-json-{version}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        signed = AWSRequest("POST", self.endpoint.url, sent, body)
        keys = self.endpoint.keys
        SigV4Auth(Credentials(keys.access_key, keys.secret_key), service, region).add_auth(signed)
        request = urllib.request.Request(self.endpoint.url, data=body, headers=dict(signed.headers.items()))  # noqa: S310 -- http
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- http
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    @property
    def program(self) -> str:
        """The source of the service of most images here."""
        return PROGRAM

    @property
    def layer(self) -> str:
        return LAYER_TYPE

    def push(
        self,
        program: str = PROGRAM,
        *,
        tag: str | None = None,
        command: tuple[str, ...] = ("python", "-u", "main.py"),
        architecture: str = "amd64",
        env: tuple[str, ...] = (),
        layers: list[tuple[str, bytes]] | None = None,
        directory: str = "/app",
    ) -> Pushed:
        """Write an OCI image to the layout and register it in ECR."""
        if layers is None:
            layers = [(LAYER_TYPE, tar({"app/main.py": program.encode()}))]
        config = {
            "os": "linux",
            "architecture": architecture,
            "config": {"Cmd": list(command), "WorkingDir": directory, "Env": list(env)},
            "rootfs": {"type": "layers", "diff_ids": []},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": self.blob(CONFIG_TYPE, json.dumps(config).encode()),
            "layers": [self.blob(kind, content) for kind, content in layers],
        }
        text = json.dumps(manifest)
        digest = sha256(text.encode())
        put: dict[str, Any] = {"imageTag": tag} if tag else {"imageTag": digest[7:19]}
        with contextlib.suppress(self.client("ecr").exceptions.ImageAlreadyExistsException):
            self.client("ecr").put_image(repositoryName=REPOSITORY, imageManifest=text, imageDigest=digest, **put)
        return Pushed(f"{self.account}.dkr.ecr.{REGION}.amazonaws.com/{REPOSITORY}@{digest}", digest)

    def blob(self, kind: str, content: bytes) -> dict[str, Any]:
        digest = sha256(content)
        path = self.images / "blobs" / "sha256" / digest[7:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return {"mediaType": kind, "digest": digest, "size": len(content)}

    def switch(self, method: str, document: object = None) -> tuple[int, dict[str, Any]]:
        """A request to the fault switches: its status and the JSON of its answer."""
        return self.control(method, "faults", document)

    def instances(self) -> list[dict[str, Any]]:
        """The instances that serve, oldest first."""
        status, answer = self.control("GET", "instances")
        assert status == 200, answer
        found: list[dict[str, Any]] = answer["instances"]
        return found

    def control(self, method: str, route: str, document: object = None) -> tuple[int, dict[str, Any]]:
        """A request to a control route: its status and the JSON of its answer."""
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(  # noqa: S310 -- http
            f"{self.endpoint.url}/_local/{route}", body, self.endpoint.keys.bearer, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 -- http
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    @contextlib.contextmanager
    def faults(self, document: object) -> Iterator[None]:
        """Switches that are on meanwhile."""
        status, answer = self.switch("PUT", document)
        assert status == 200, answer
        try:
            yield
        finally:
            self.switch("DELETE")

    @staticmethod
    def until(probe: Callable[[], Any], seconds: float = 10) -> Any:
        return until(probe, seconds)

    @staticmethod
    def tar(files: dict[str, bytes], *, compressed: bool = False) -> bytes:
        return tar(files, compressed=compressed)

    @staticmethod
    def trust(service: str) -> str:
        return trust(service)

    @staticmethod
    def allow(actions: Any, resource: str) -> str:
        return allow(actions, resource)


def until(probe: Callable[[], Any], seconds: float = 10) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if answer := probe():
            return answer
        time.sleep(0.03)
    raise AssertionError(f"it did not happen within {seconds} seconds")


def sha256(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def tar(files: dict[str, bytes], *, compressed: bool = False) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return gzip.compress(out.getvalue(), mtime=0) if compressed else out.getvalue()


def trust(service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def allow(actions: Any, resource: str) -> str:
    statement = {"Effect": "Allow", "Action": actions, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def control(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [environ["PATH_INFO"].encode()]
