"""What a manifest takes over from an App Runner service that exists, and what its first plan changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import asdict

from deployer.core.adoption.command import fault_of_command
from deployer.core.adoption.expected import AutomaticDeploymentsOff, CommandRemoved, Expectation, NewScaling
from deployer.core.adoption.live import Live
from deployer.core.adoption.reason import CommandFault
from deployer.core.adoption.yaml import flow, word
from deployer.core.observed import ObservedService
from deployer.core.service import ServiceSpec
from deployer.core.target import Adoption
from deployer.errors import Blocked
from deployer.manifest.limits import ROLE_NAME
from deployer.manifest.rule import PRIVATE_WHY
from deployer.targets.apprunner.limits import SERVICE_NAME, SERVICE_VARIABLE_CHARACTERS
from deployer.targets.apprunner.manifest import KMS_KEY
from deployer.targets.apprunner.settings import Network, of_app_runner

_ROLE: Final = re.compile(rf"arn:aws:iam::[0-9]{{12}}:role/(?P<name>{ROLE_NAME})")


def refuse(name: str, spec: ServiceSpec) -> None:
    """Raises Blocked for a service that no manifest can describe."""
    if not spec.image:
        raise Blocked(
            f"service {name} is built from source code, not from an image",
            why="a manifest names an image in ECR",
            fix="a service cannot go from one to the other: write a manifest for a new one, with another name",
        )
    settings = of_app_runner(spec)
    if settings.network and settings.network.ingress == "private":
        raise Blocked(
            f"service {name} is private",
            why=f"{PRIVATE_WHY}: the deployer could not prove a release of it",
            fix="make it public first, if it may be",
        )
    for kind, arn in (("access", settings.access_role), ("instance", settings.instance_role)):
        if _ROLE.fullmatch(arn) is None:
            raise Blocked(
                f"service {name} has {f'the {kind} role {arn}' if arn else f'no {kind} role'}",
                why="a manifest can name only a role of this account without a path",
                fix=f"give the service such an {kind} role first",
            )


def section(service: ObservedService) -> Iterator[str]:
    """The lines of the section, below its target and its name."""
    settings = of_app_runner(service.spec)
    words = settings.words()
    yield f"cpu: {words['cpu']}"
    yield f"memory: {words['memory']}"
    yield f"port: {settings.port}"
    yield f"health_check: {flow(asdict(settings.health_check))}"
    yield f"scaling: {flow(asdict(settings.scaling))}"
    if settings.command and not _fault(settings.command):
        yield f"command: {word(settings.command)}"
    yield from _beside(service)
    yield "# Both roles exist, and may be shared with others: they are not changed from here."
    access, instance = (word(_name(arn)) for arn in (settings.access_role, settings.instance_role))
    yield f"roles: {{access: {access}, instance: {instance}, managed: false}}"


def _beside(service: ObservedService) -> Iterator[str]:
    """Groups that few services have; one with AWS's defaults is left out, and so left as it is."""
    settings = of_app_runner(service.spec)
    network, observability = settings.network, settings.observability
    if network and network != Network():
        connector = f"egress: {{vpc_connector: {word(network.vpc_connector)}}}, " if network.vpc_connector else ""
        yield f"network: {{{connector}ingress: {network.ingress}, ip_address_type: {word(network.ip_address_type)}}}"
    if observability and observability.configuration:
        yield f"observability: {{configuration: {word(observability.configuration)}}}"
    if KMS_KEY in service.fixed:
        yield f"encryption: {{kms_key: {word(service.fixed[KMS_KEY])}}}"


def expected(live: Live) -> Iterator[Expectation]:
    """What the first plan creates."""
    if not any(revision.scaling == live.service.spec.settings.scaling for revision in live.scalings):
        yield NewScaling(live.source.service)


def removed(live: Live) -> Iterator[Expectation]:
    """What the first deployment removes."""
    settings, name = live.service.spec.settings, live.source.service
    if fault := _fault(settings.command):
        yield CommandRemoved(name, fault)
    if settings.auto_deployments:
        yield AutomaticDeploymentsOff(name)


def _fault(command: str) -> CommandFault | None:
    return fault_of_command(command, SERVICE_VARIABLE_CHARACTERS)


def _name(arn: str) -> str:
    return arn.rpartition("/")[2]


ADOPTION: Final = Adoption(SERVICE_NAME, refuse, section, expected, removed)
