"""The rules of App Runner's `service` section that its types do not express. Pure."""

from collections.abc import Iterator, Mapping
from typing import Final

from deployer.manifest.rule import PRIVATE_WHY, BrokenRule, get, is_number
from deployer.targets.apprunner import limits

ARN_COLONS: Final = 5


def broken(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """Every rule of this section that the manifest breaks."""
    yield from _sizes(manifest)
    yield from _roles(manifest)
    yield from _ingress(manifest)
    yield from _resources(manifest)


def _sizes(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    cpu = limits.CPU_UNITS.get(str(get(manifest, "service", "cpu") or "1 vCPU"))
    memory = limits.MEMORY_MB.get(str(get(manifest, "service", "memory") or "2 GB"))
    if cpu and memory and memory not in limits.MEMORY_FOR_CPU[cpu]:
        offered = ", ".join(f"{size / 1024:g} GB" for size in limits.MEMORY_FOR_CPU[cpu])
        yield BrokenRule(
            ("service", "memory"),
            "App Runner does not offer this memory with this cpu",
            f"with {cpu / 1024:g} vCPU it offers {offered}",
            "change service.memory or service.cpu",
        )
    least, most = get(manifest, "service", "scaling", "min"), get(manifest, "service", "scaling", "max")
    if is_number(least) and is_number(most) and least > most:
        yield BrokenRule(
            ("service", "scaling", "max"),
            "service.scaling.max is below service.scaling.min",
            fix="write a larger max, or a smaller min",
        )


def _ingress(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    if get(manifest, "service", "network", "ingress") == "private":
        yield BrokenRule(
            ("service", "network", "ingress"),
            "this service would be private, and the deployer could not prove a release of it",
            PRIVATE_WHY,
            "write `ingress: public`",
        )


def _resources(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """ARNs that the service refers to, each of this region and, but for a key, of this account."""
    region, account = get(manifest, "aws", "region"), get(manifest, "aws", "account")
    for keys in (
        ("network", "egress", "vpc_connector"),
        ("observability", "configuration"),
        ("encryption", "kms_key"),
    ):
        arn = get(manifest, "service", *keys)
        if not isinstance(arn, str) or arn.count(":") < ARN_COLONS:
            continue
        _, _, kind, of_region, of_account, _ = arn.split(":", ARN_COLONS)
        at, fix = ("service", *keys), "write the ARN of one there, or correct aws.region and aws.account"
        if isinstance(region, str) and of_region != region:
            yield BrokenRule(at, f"service.{'.'.join(keys)} is in {of_region}, not in {region}", fix=fix)
        elif kind == "apprunner" and isinstance(account, str) and of_account != account:
            yield BrokenRule(at, f"service.{'.'.join(keys)} is in account {of_account}, not in {account}", fix=fix)
    traced, configuration = (get(manifest, "service", "observability", key) for key in ("enabled", "configuration"))
    if not isinstance(get(manifest, "service", "observability"), Mapping):
        return
    if traced is not False and configuration is None:
        yield BrokenRule(
            ("service", "observability"),
            "service.observability needs a configuration",
            fix="list them: aws apprunner list-observability-configurations; or write `enabled: false`",
        )
    if traced is False and configuration is not None:
        yield BrokenRule(
            ("service", "observability", "configuration"),
            "service.observability names a configuration, and is not enabled",
            "App Runner takes a configuration only where tracing is enabled",
            "delete the configuration, or write `enabled: true`",
        )


def _roles(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """A role that is kept for two purposes would have its trust and policy written over by each."""
    access, instance = (get(manifest, "service", "roles", key) for key in ("access", "instance"))
    if get(manifest, "service", "roles", "managed") is True and isinstance(access, str) and access == instance:
        yield BrokenRule(
            ("service", "roles", "instance"),
            "access and instance are the same role",
            "one pulls the image, the other is the running service's: each trusts another part of App Runner",
            "name two roles",
        )
