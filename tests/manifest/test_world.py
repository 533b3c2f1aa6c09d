"""A manifest that the local world could not be started for is refused by `check`, with its line."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deployer.local.settings import world_settings
from deployer.manifest.load import parse
from deployer.manifest.model import Manifest
from deployer.manifest.problem import InvalidManifest, Problem
from deployer.manifest.world import faults, port_of
from tests.samples import sample_path, sample_text

LOCAL = sample_text("local")


def problems(old: str, new: str) -> tuple[Problem, ...]:
    text = re.sub(old, new, LOCAL)
    assert text != LOCAL, "the edit finds nothing"
    with pytest.raises(InvalidManifest) as refusal:
        parse(text.encode(), sample_path("local"))
    return refusal.value.problems


def value_of(name: str) -> str:
    return rf"(?m)(?<=^  {name}: ).*$"


@pytest.mark.parametrize(
    ("old", "new", "what", "line"),
    [
        (r"(?m)^  backend-server-url:.*\n", "", "there is no backend-server-url", "  whatsapp-service"),
        (value_of("meta-graph-url"), "{kind: secret}", "meta-graph-url is a secret", "  meta-graph-url:"),
        (r"http://127.0.0.1:8000", "https://127.0.0.1:8000", "not an address of this machine", "  backend-server-url:"),
        (r"http://127.0.0.1:8000", "http://127.0.0.1", "not an address of this machine", "  backend-server-url:"),
        (r"http://127.0.0.1:8000", "http://127.0.0.1:99999", "not an address of this", "  backend-server-url:"),
        (r"http://127.0.0.1:8002", "http://example.org:8002", "not an address of this machine", "  meta-graph-url:"),
        (r"http://127.0.0.1:8002", "http://[::1]:8002", "not an address of this machine", "  meta-graph-url:"),
        (r"http://127.0.0.1:8002", "http://127.0.0.1:4566", "port 4566 is also that of aws.endpoint", "  meta-graph"),
        (r"http://127.0.0.1:8002", "http://127.0.0.1:8000", "also that of variables.backend-server-url", "  meta-"),
        (r"port: 8001", "port: 8000", "port 8000 is also that of variables.backend-server-url", "  port:"),
    ],
)
def test_what_the_world_cannot_listen_on_is_refused_with_its_line(old: str, new: str, what: str, line: str) -> None:
    (problem,) = problems(old, new)

    assert what in problem.what
    assert problem.source.startswith(line)
    assert problem.fix


here = st.builds("http://{}:{}".format, st.sampled_from(["127.0.0.1", "localhost"]), st.integers(1, 65535))
elsewhere = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["http", "https", "HTTP"]),
    st.sampled_from(["127.0.0.1", "[::1]", "10.0.0.1", "127.0.0.1.example.org", "me@localhost"]),
    st.sampled_from(["", ":0", ":-1", ":80", ":08000", ":65536"]),
    st.sampled_from(["", "/", "/v22.0", "?x", "\n"]),
)
addresses = here | elsewhere


@given(endpoint=here, backend=addresses, meta=addresses)
def test_every_manifest_that_is_accepted_makes_a_world(endpoint: str, backend: str, meta: str) -> None:
    loaded = parse(LOCAL.encode(), sample_path("local"))
    data = loaded.manifest.model_dump(exclude_none=True)
    data["aws"]["endpoint"] = endpoint
    for name, address in (("backend-server-url", backend), ("meta-graph-url", meta)):
        data["variables"][name] = {"kind": "literal", "value": address}
    ports = [port_of(endpoint), port_of(backend), port_of(meta), loaded.manifest.service.port]
    if any(faults(data, loaded.app.local_world.addresses.values())):
        assert None in ports or len(set(ports)) < len(ports) or "\n" in backend + meta
        return
    settings = world_settings(replace(loaded, manifest=Manifest.model_validate(data)))
    assert [*settings.ports.values(), settings.service] == ports
    assert len(settings.lines) == len(ports)
