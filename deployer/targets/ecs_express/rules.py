"""The rules of the `service` section of ECS Express Mode that its types do not express. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from deployer.manifest.rule import BrokenRule, get, is_number
from deployer.targets.ecs_express import limits

REQUESTS: Final = "REQUEST_COUNT_PER_TARGET"
FEWEST_SUBNETS: Final = 2


def broken(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """Every rule of this section that the manifest breaks."""
    yield from _sizes(manifest)
    yield from _scaling(manifest)
    yield from _roles(manifest)
    yield from _subnets(manifest)


def _sizes(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    cpu = limits.CPU_UNITS.get(str(get(manifest, "service", "cpu") or "1 vCPU"))
    memory = str(get(manifest, "service", "memory") or "2 GB")
    if cpu is None or not re.fullmatch(limits.MEMORY, memory):
        return
    if limits.number(memory) not in limits.MEMORY_FOR_CPU[cpu]:
        sizes = limits.MEMORY_FOR_CPU[cpu]
        offered = ", ".join(f"{size / 1024:g} GB" for size in sizes)
        yield BrokenRule(
            ("service", "memory"),
            "Fargate does not offer this memory with this cpu",
            f"with {cpu / 1024:g} vCPU it offers {offered}",
            "change service.memory or service.cpu",
        )


def _scaling(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    least, most, metric, target = (
        get(manifest, "service", "scaling", key) for key in ("min", "max", "metric", "target")
    )
    if is_number(least) and least > (most if is_number(most) else 20):
        yield BrokenRule(
            ("service", "scaling", "max" if is_number(most) else "min"),
            "service.scaling.max is below service.scaling.min",
            fix="write a larger max, or a smaller min",
        )
    if metric == REQUESTS and target is None:
        yield BrokenRule(
            ("service", "scaling", "metric"),
            f"service.scaling.target is missing: {REQUESTS} has no default",
            "it is the number of requests that one task gets in a minute, and depends on the service",
            "add `target: 1000` below service.scaling",
        )
    if metric != REQUESTS and is_number(target) and target > 100:
        yield BrokenRule(
            ("service", "scaling", "target"),
            "service.scaling.target is a percentage, and above 100",
            fix=f"write a number up to 100, or `metric: {REQUESTS}`",
        )


def _roles(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    """A managed role with two purposes would have its trust and policy written over by each."""
    if get(manifest, "service", "roles", "managed") is not True:
        return
    first: dict[str, str] = {}
    for key in ("execution", "task", "infrastructure"):
        name = get(manifest, "service", "roles", key)
        if not isinstance(name, str):
            continue
        if name in first:
            yield BrokenRule(
                ("service", "roles", key),
                f"{first[name]} and {key} are the same role",
                "each has a policy of its own, and the infrastructure role trusts another part of ECS",
                "name three roles",
            )
        first.setdefault(name, key)


def _subnets(manifest: Mapping[str, object]) -> Iterator[BrokenRule]:
    subnets = get(manifest, "service", "network", "subnets")
    if isinstance(subnets, list | tuple) and len(set(map(str, subnets))) < FEWEST_SUBNETS:
        yield BrokenRule(
            ("service", "network", "subnets"),
            "service.network.subnets needs two subnets",
            "the load balancer runs in at least two availability zones",
            "name a subnet of another availability zone, too",
        )
