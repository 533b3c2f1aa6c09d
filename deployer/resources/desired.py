"""Compute the desired state from a manifest: each kind of resource adds its part."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.core.desired import Desired, DesiredImage, UnusedKey
from deployer.core.target import Description
from deployer.manifest.load import LoadedManifest
from deployer.manifest.targets import SECTIONS
from deployer.resources.registry import KINDS


def desired_state(loaded: LoadedManifest, image: DesiredImage, target: Description) -> Desired:
    """Compute the desired state from a checked manifest, the image to run and the manifest's target."""
    manifest = loaded.manifest
    aws, service = manifest.aws, manifest.service
    lines = {key: loaded.line(key) for key in ("image", "service", "variables")}
    lines["paused"] = loaded.line("service", "paused")
    desired = Desired(
        target=target,
        app=manifest.app,
        environment=manifest.environment,
        account=aws.account,
        region=aws.region,
        parameter_path=aws.parameter_path,
        image=image,
        service_name=service.name,
        settings=target.settings(service, aws.account),
        on_unhealthy=service.on_unhealthy,
        manifest_sha=loaded.sha256,
        lines=lines,
        healthy_in=manifest.protect.healthy_in,
        after_rollback=service.after_rollback,
        fixed=service.fixed,
        ignored=tuple(_ignored(loaded)),
        paused=service.paused,
    )
    for kind in KINDS:
        desired = kind.desired(desired, loaded)
    return desired


def _ignored(loaded: LoadedManifest) -> Iterator[UnusedKey]:
    """The keys that the file names below `service` and its target does not use."""
    for key, reason in SECTIONS[loaded.manifest.service.target].ignored.items():
        path = ("service", *key.split("."))
        if loaded.find(*path)[1] is not None:
            yield UnusedKey(f"service.{key}", reason, loaded.line(*path))
