"""Settings of a service that its manifest does not name: kept by every update, shown, and not lost by a recreate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from deployer.core.desired import Desired
from deployer.core.drift_item import DriftItem
from deployer.core.facts import ServiceFact
from deployer.core.part import Blocker, Notice
from deployer.core.reasons import OUTSIDE
from deployer.core.release import Release
from deployer.core.service import GROUP_DEFAULTS, ServiceSettings
from deployer.manifest.rules import PRIVATE_WHY

KEY = "encryption.kms_key"
AWS_MANAGED = "the key that AWS manages"
UNKNOWN = "a setting that this version of the deployer does not know"


def unmanaged(desired: Desired, live: ServiceFact) -> dict[str, str]:
    """Each such setting as `name -> value`, without those that have AWS's default."""
    found = _added(desired.settings, live.spec.settings)
    if desired.encryption is None and live.encryption:
        found[KEY] = live.encryption
    return found | dict.fromkeys(live.unmodelled, UNKNOWN)


def notices(desired: Desired, live: ServiceFact, last: Release | None) -> Iterator[Notice]:
    """A line for each. It has drifted when the record of the running release says that the service did not have it."""
    recorded = last.unmanaged if last else None
    for name, value in unmanaged(desired, live).items():
        drifted = recorded is not None and recorded.get(name) != value
        why = f"{OUTSIDE}; " if drifted else ""
        detail = f"{value}: {why}not in the manifest, kept as it is"
        item = DriftItem(name, "setting", recorded.get(name), value) if recorded is not None and drifted else None
        yield Notice("?", name, detail, desired.lines["service"], group="Service", item=item)


def lost(desired: Desired, last: Release | None) -> Iterator[Blocker]:
    """The blocker when a service that is gone had such settings: the new one would be without them."""
    recorded: Mapping[str, str] = (last.unmanaged if last else None) or {}
    named = set(_named(desired))
    if gone := {name: value for name, value in recorded.items() if name.partition(".")[0] not in named}:
        what = f"service {desired.service_name} is gone, and a new one would be without what the manifest does not name"
        listed = ", ".join(f"{name} ({value})" for name, value in gone.items())
        fix = f"name it below service in env/{desired.environment}.yaml, or create the service with it by hand"
        yield Blocker(f"{what}: {listed}", fix, desired.lines["service"])


def encryption(desired: Desired, live: ServiceFact) -> Iterator[Blocker]:
    """App Runner takes the key only with the creation of a service (App Runner API reference, UpdateService)."""
    if desired.encryption is None or desired.encryption == live.encryption:
        return
    now, wanted = live.encryption or AWS_MANAGED, desired.encryption or AWS_MANAGED
    yield Blocker(
        f"service {desired.service_name} is encrypted with {now}, not with {wanted}: App Runner cannot change that",
        f"write `kms_key: {live.encryption or 'aws-managed'}`, or choose another service.name for a new service",
        desired.lines["service"],
    )


def private(desired: Desired, live: ServiceFact) -> Iterator[Blocker]:
    """A service that was made private by hand, which the manifest would keep so: no release of it could be proved."""
    network = desired.settings.over(live.spec.settings).network
    if network and network.ingress == "private":
        yield Blocker(
            f"service {desired.service_name} is private, and the manifest does not name its network: {PRIVATE_WHY}",
            "write `network: {ingress: public}` below service, with what else its network has",
            desired.lines["service"],
        )


def _added(wanted: ServiceSettings, live: ServiceSettings) -> dict[str, str]:
    """What the live service has beside the defaults, in the groups that the manifest leaves out."""
    found: dict[str, str] = {}
    text = live.groups_text()
    for group, named in (("network", wanted.network), ("observability", wanted.observability)):
        if named is None:
            names = (name for name in text if name.partition(".")[0] == group)
            found |= {name: text[name] for name in names if text[name] != GROUP_DEFAULTS[name]}
    return found


def _named(desired: Desired) -> Iterator[str]:
    if desired.settings.network is not None:
        yield "network"
    if desired.settings.observability is not None:
        yield "observability"
    if desired.encryption is not None:
        yield "encryption"
