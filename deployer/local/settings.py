"""Where the local world listens and keeps its files: read from the manifest, so that nothing is said twice."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from deployer.apps.app import App
from deployer.errors import UsageError
from deployer.manifest.load import LoadedManifest
from deployer.manifest.model import LiteralVariable
from deployer.manifest.world import port_of
from deployer.project import PROJECT_FILE
from deployer.world_keys import keys_in, read


class WorldSettings(Struct, frozen=True):
    """Ports of 127.0.0.1, and the directory of the world's files.

    `stand_ins` has the port of each upstream service that the world replaces: "backend" and "meta". `lines` gives for
    each port the line of the manifest that chooses it.
    """

    app: App
    root: Path
    manifest: Path
    account: str
    region: str
    aws: int
    service: int
    stand_ins: dict[str, int]
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
        """Raises UsageError when the service is none that talks to Meta."""
        if "meta" not in self.stand_ins:
            raise UsageError(
                f"the local world of {self.manifest} has no Meta to send messages",
                why=f"{PROJECT_FILE} names none as local_world.meta",
            )
        return f"http://127.0.0.1:{self.stand_ins['meta']}"

    @property
    def ports(self) -> dict[str, int]:
        """What the world itself listens on."""
        return {"aws": self.aws, **self.stand_ins}

    @property
    def chat_page(self) -> str:
        """The address of Meta's chat page, with the token of the world that runs."""
        return self.meta_url + read(self.keys, self.endpoint).address

    @property
    def upstream(self) -> dict[str, str]:
        """The address of each service that the world replaces, by the name to show."""
        addresses = {}
        if "backend" in self.stand_ins:
            addresses["ansari-backend"] = f"http://127.0.0.1:{self.stand_ins['backend']}"
        if "meta" in self.stand_ins:
            addresses["Meta, chat page"] = self.chat_page
        return addresses

    @property
    def summary(self) -> str:
        """Where the world listens, in a few words."""
        meta = f", Meta on {self.meta_url}" if "meta" in self.stand_ins else ""
        return f"AWS on {self.endpoint}{meta}"

    @property
    def service_url(self) -> str:
        return f"http://127.0.0.1:{self.service}"


def world_settings(loaded: LoadedManifest) -> WorldSettings:
    """The local world of a manifest. Raises UsageError when the manifest is for the real AWS."""
    manifest = loaded.manifest
    if manifest.aws.endpoint is None:
        raise UsageError(
            f"{loaded.path} is for the real AWS: it names no aws.endpoint",
            fix="use an environment with a local endpoint, such as `local`",
        )
    addresses = loaded.app.local_world.addresses
    aws, service = _port(manifest.aws.endpoint), manifest.service.port
    stand_ins = {name: _literal_port(loaded, address) for name, address in addresses.items()}
    where = {
        aws: ("aws", "endpoint"),
        **{stand_ins[name]: ("variables", address, "value") for name, address in addresses.items()},
        service: ("service", "port"),
    }
    return WorldSettings(
        app=loaded.app,
        root=loaded.root,
        manifest=loaded.path,
        account=manifest.aws.account,
        region=manifest.aws.region,
        aws=aws,
        service=service,
        stand_ins=stand_ins,
        lines={port: f"{loaded.path}:{loaded.where(*keys).line}" for port, keys in where.items()},
    )


def _literal_port(loaded: LoadedManifest, name: str) -> int:
    variable = loaded.manifest.variables[name]
    assert isinstance(variable, LiteralVariable)
    return _port(variable.text)


def _port(address: str) -> int:
    port = port_of(address)
    assert port is not None  # manifest.world refuses any other address
    return port
