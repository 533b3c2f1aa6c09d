"""Who may ask the servers of the local world, by the headers of the request."""

from __future__ import annotations

import pytest

from deployer.local.loopback import may_ask

OWN = "127.0.0.1:8001"


@pytest.mark.parametrize(
    ("origin", "site"), [(None, None), (None, "none"), (f"http://{OWN}", "same-origin"), (f"http://{OWN}", None)]
)
def test_a_program_and_an_own_page_may_ask(origin: str | None, site: str | None) -> None:
    assert may_ask(OWN, origin, site)


@pytest.mark.parametrize(
    ("host", "origin", "site"),
    [
        ("evil.example:8001", None, None),  # a name rebound to 127.0.0.1
        (OWN, "http://127.0.0.1:3000", None),  # a page on another port
        (OWN, "http://localhost:3000", "same-site"),
        (OWN, None, "cross-site"),  # an image tag
        (OWN, None, "same-site"),
        (OWN, "null", None),  # a sandboxed frame
    ],
)
def test_no_other_page_may_ask(host: str, origin: str | None, site: str | None) -> None:
    assert not may_ask(host, origin, site)
