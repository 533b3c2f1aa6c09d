"""Where the local world listens and keeps its files: read from the manifest, so that nothing is said twice."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from deployer.apps.app import App
from deployer.errors import UsageError
from deployer.manifest.load import Loaded
from deployer.manifest.model import Literal
from deployer.manifest.world import BACKEND, META, port_of
from deployer.world_keys import keys_in, read


class WorldSettings(Struct, frozen=True):
    """Ports of 127.0.0.1, and the directory of the world's files.

    `lines` says for each port which line of the manifest chooses it.
    """

    app: App
    root: Path
    manifest: Path
    account: str
    region: str
    aws: int
    backend: int
    meta: int
    service: int
    lines: dict[int, str]

    @property
    def home(self) -> Path:
        """Everything the world writes is below this directory."""
        return self.root / ".deployer" / "local"

    @property
    def images(self) -> Path:
        """The OCI image layout that stands for ECR's storage."""
        return self.home / "images"

    @property
    def keys(self) -> Path:
        """The directory of the keys that open a world."""
        return keys_in(self.root)

    @property
    def log(self) -> Path:
        return self.home / "world.log"

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.aws}"

    @property
    def meta_url(self) -> str:
        return f"http://127.0.0.1:{self.meta}"

    @property
    def chat_page(self) -> str:
        """The address of the chat page, with the token of the world that runs."""
        return self.meta_url + read(self.keys, self.endpoint).address

    @property
    def service_url(self) -> str:
        return f"http://127.0.0.1:{self.service}"


def world_settings(loaded: Loaded) -> WorldSettings:
    """The local world of a manifest. Raises UsageError when the manifest is for the real AWS."""
    manifest = loaded.manifest
    if manifest.aws.endpoint is None:
        raise UsageError(
            f"{loaded.path} is for the real AWS: it names no aws.endpoint",
            fix="use an environment with a local endpoint, such as `local`",
        )
    where = {
        "aws": ("aws", "endpoint"),
        "backend": ("variables", BACKEND, "value"),
        "meta": ("variables", META, "value"),
        "service": ("service", "port"),
    }
    ports = {
        "aws": _port(manifest.aws.endpoint),
        "backend": _literal_port(loaded, BACKEND),
        "meta": _literal_port(loaded, META),
        "service": manifest.service.port,
    }
    return WorldSettings(
        app=loaded.app,
        root=loaded.root,
        manifest=loaded.path,
        account=manifest.aws.account,
        region=manifest.aws.region,
        **ports,
        lines={port: f"{loaded.path}:{loaded.where(*where[name]).line}" for name, port in ports.items()},
    )


def _literal_port(loaded: Loaded, name: str) -> int:
    variable = loaded.manifest.variables[name]
    assert isinstance(variable, Literal)
    return _port(variable.text)


def _port(address: str) -> int:
    port = port_of(address)
    assert port is not None  # manifest.world refuses any other address
    return port
