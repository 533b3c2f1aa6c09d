"""Check what the local world needs of a manifest with a local endpoint: local addresses, with different ports."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Final, TypeAlias

# The world listens on 127.0.0.1 only, which localhost is too.
PORT: Final = r"([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])"
ENDPOINT: Final = rf"http://(?:127\.0\.0\.1|localhost):{PORT}"
_ADDRESS: Final = re.compile(rf"{ENDPOINT}(?:/.*)?")

Path: TypeAlias = tuple[str, ...]
Fault: TypeAlias = tuple[Path, str, str, str]


def port_of(address: str) -> int | None:
    """The port of an address of this machine; None for any other address."""
    match = _ADDRESS.fullmatch(address)
    return int(match[1]) if match else None


def faults(manifest: Mapping[str, object], addresses: Collection[str]) -> Iterator[Fault]:
    """Path, message, reason and fix of each value with which the local world could not start.

    `addresses` names the literals with the addresses of the services that the world emulates.
    """
    aws, service, variables = (manifest.get(key) for key in ("aws", "service", "variables"))
    endpoint = aws.get("endpoint") if isinstance(aws, Mapping) else None
    if isinstance(endpoint, str) and isinstance(variables, Mapping):
        port = service.get("port") if isinstance(service, Mapping) else None
        yield from _faults(endpoint, port, variables, addresses)


def _faults(
    endpoint: str, service_port: object, variables: Mapping[str, object], addresses: Collection[str]
) -> Iterator[Fault]:
    ports: dict[int, str] = {port: "aws.endpoint"} if (port := port_of(endpoint)) else {}
    for name in addresses:
        yield from _address(name, variables.get(name), ports)
    if isinstance(service_port, int) and (other := ports.get(service_port)):
        yield _taken(("service", "port"), service_port, other)


def _address(name: str, variable: object, ports: dict[int, str]) -> Iterator[Fault]:
    at, why = ("variables", name), "the local world reads there where to listen"
    if not isinstance(variable, Mapping):
        yield (
            ("variables",),
            f"there is no {name}",
            why,
            f'add `{name}: {{kind: literal, value: "http://127.0.0.1:PORT"}}`',
        )
        return
    if variable.get("kind") == "secret":
        yield at, f"{name} is a secret", why, 'write `kind: literal, value: "http://127.0.0.1:PORT"`'
        return
    value = variable.get("value")
    if not isinstance(value, str):
        return
    port = port_of(value)
    if port is None:
        yield (*at, "value"), "this is not an address of this machine", why, "write it as http://127.0.0.1:PORT"
    elif other := ports.get(port):
        yield _taken((*at, "value"), port, other)
    else:
        ports[port] = f"variables.{name}"


def _taken(at: Path, port: int, other: str) -> Fault:
    return at, f"port {port} is also that of {other}", "each listens on a port of its own", "choose another port"
