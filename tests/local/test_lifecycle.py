"""Which running world a user may use: one whose keys are in the checkout."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from deployer.errors import DeployerError
from deployer.local.lifecycle import find_at, find_usable_at
from deployer.world_keys import Keys, keys_in, write
from tests.serving import serving

MANIFEST = Path("env/local.yaml")


@contextmanager
def answering(document: dict[str, object]) -> Iterator[int]:
    """The port of a server whose /_local/world is this document."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = json.dumps(document).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *args: object) -> None:
            return

    with serving(Handler) as server:
        yield server.server_port


def test_a_world_whose_keys_are_here_is_used(tmp_path: Path) -> None:
    keys = Keys.make()
    with answering({"pid": 1, "root": str(tmp_path), "ports": {}, "access_key": keys.access_key}) as port:
        write(keys_in(tmp_path), port, keys)
        assert find_usable_at(port, tmp_path, MANIFEST) == find_at(port, tmp_path, MANIFEST) is not None


def test_a_world_of_an_older_version_is_named_with_what_stops_it(tmp_path: Path) -> None:
    """It reports no access key, as worlds did before they had keys."""
    with answering({"pid": 1, "root": str(tmp_path), "ports": {}}) as port:
        assert find_at(port, tmp_path, MANIFEST) is not None  # so that `down` finds it
        with pytest.raises(DeployerError, match="older version") as refused:
            find_usable_at(port, tmp_path, MANIFEST)
    assert refused.value.fix == "just down local && just reconcile local"


@pytest.mark.parametrize("held", [None, Keys.make()])
def test_a_world_whose_keys_are_not_here_is_not_used(tmp_path: Path, held: Keys | None) -> None:
    world = Keys.make()
    with answering({"pid": 1, "root": str(tmp_path), "ports": {}, "access_key": world.access_key}) as port:
        if held:
            write(keys_in(tmp_path), port, held)
        with pytest.raises(DeployerError, match="cannot be read") as refused:
            find_usable_at(port, tmp_path, MANIFEST)
    assert f"{port}.json" in refused.value.why
