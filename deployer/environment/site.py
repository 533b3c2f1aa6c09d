"""The differences between the real AWS and the local world, decided once, when an environment is opened."""

from __future__ import annotations

from typing import ClassVar, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct

from deployer.core.desired import BUILT_TAG
from deployer.core.person import is_local_caller
from deployer.errors import DeployerError, as_typed
from deployer.image.snapshot import Snapshot, take
from deployer.local import lifecycle
from deployer.local.author import local_author
from deployer.local.settings import WorldSettings, world_settings
from deployer.manifest.identity import Identity, identity_of
from deployer.manifest.load import LoadedManifest
from deployer.project import root_of
from deployer.view.progress import Reporter


class RealAws(Struct, frozen=True):
    """An account of AWS.

    `names_endpoint` means that the manifest names the address of its AWS. `builds_changes` means that an image may be
    built from a checkout with changes, and `built_tag` is the suffix of its tag.
    """

    identity: Identity
    probe_seconds: ClassVar[float] = 120.0  # DNS and the target's edge need some time after a deployment
    poll_seconds: ClassVar[float] = 3.0
    # DeleteParameter: "wait for at least 30 seconds to create a parameter with the same name."
    recreation_seconds: ClassVar[float] = 30.0
    names_endpoint: ClassVar[bool] = False
    builds_changes: ClassVar[bool] = False
    built_tag: ClassVar[str] = ""

    def public_url(self, service_url: str) -> str:
        """The address of a service with its scheme, which a target may omit."""
        return _with_scheme("https", service_url)

    def start(self, report: Reporter) -> None:
        """Do nothing: AWS runs."""

    def refuse_stopped(self) -> None:
        """Do nothing: AWS runs."""

    def caller(self, arn: str) -> str:
        """The caller's ARN, for the ledger."""
        return arn

    def snapshot(self, image: str | None) -> Snapshot | None:
        """None: this machine pushes no image, and ECR must hold the image to deploy."""
        return None

    def refuse_taken_port(self) -> None:
        """Do nothing: no port of this machine is needed."""

    def next_steps(self, *, rolled_back: bool) -> tuple[str, ...]:
        """What to try after a deployment, as lines."""
        return () if rolled_back else (as_typed(f"Undo: just rollback {self.identity.environment}"),)


class LocalWorld(Struct, frozen=True):
    """The local world of a manifest. `loaded` is None where only the identity is known."""

    identity: Identity
    loaded: LoadedManifest | None = None
    probe_seconds: ClassVar[float] = 10.0
    poll_seconds: ClassVar[float] = 0.1
    recreation_seconds: ClassVar[float] = 0.0
    names_endpoint: ClassVar[bool] = True
    builds_changes: ClassVar[bool] = True
    built_tag: ClassVar[str] = BUILT_TAG

    @property
    def settings(self) -> WorldSettings:
        """Its addresses and ports."""
        assert self.loaded is not None
        return world_settings(self.loaded)

    def public_url(self, service_url: str) -> str:
        """The address of a service. Only the local world serves plain HTTP."""
        return _with_scheme("http", service_url)

    def start(self, report: Reporter) -> None:
        """Start it, unless it runs."""
        settings = self.settings
        _, started = lifecycle.up(settings)
        if started:
            report.step("world", f"started: {settings.summary}")

    def refuse_stopped(self) -> None:
        """Raise DeployerError when it does not run."""
        name, path = self.identity.environment, self.identity.path
        port = urlsplit(self.identity.endpoint or "").port or 80
        if lifecycle.find_usable_at(port, root_of(path), path) is None:
            raise DeployerError("the local world is not running", fix=f"just up {name}, or: just reconcile {name}")

    def caller(self, arn: str) -> str:
        """The caller; the name of this user where the local AWS cannot identify one."""
        return local_author(self.identity.path.resolve().parent) if is_local_caller(arn) else arn

    def snapshot(self, image: str | None) -> Snapshot | None:
        """The source of this checkout as an image. None if `image` names another and the source is not known."""
        assert self.loaded is not None
        if image is not None and not self.loaded.app.image.source:
            return None
        settings = self.settings
        return take(settings.root, settings.images, self.loaded.app.image)

    def refuse_taken_port(self) -> None:
        """Raise DeployerError when another program listens on the service's port."""
        settings = self.settings
        lifecycle.refuse_taken_ports(settings, settings.service)

    def next_steps(self, *, rolled_back: bool) -> tuple[str, ...]:
        """What to try after a deployment, as lines."""
        settings = self.settings
        if "meta" not in settings.stand_ins:
            return ()
        return (
            as_typed(f'Next: just say {self.identity.environment} "What is Ansari?"'),
            f"      or chat with it in a browser: {settings.chat_page}",
        )


Site: TypeAlias = RealAws | LocalWorld


def site_of(loaded: LoadedManifest) -> Site:
    """The site of a manifest, by the endpoint that it names."""
    return site_at(identity_of(loaded.manifest, loaded.path), loaded)


def site_at(identity: Identity, loaded: LoadedManifest | None = None) -> Site:
    """The site of an environment of which only the identity is known."""
    return RealAws(identity) if identity.endpoint is None else LocalWorld(identity, loaded)


def _with_scheme(scheme: str, service_url: str) -> str:
    return service_url if "://" in service_url else f"{scheme}://{service_url}"
