"""Read the readiness of a running service at its public URL."""

from __future__ import annotations

from deployer.core.readiness import Readiness, parse
from deployer.run.public_url import connect

SECONDS = 10.0  # the service checks its upstream services meanwhile, for at most three seconds
MOST_BYTES = 65536


def read_ready(url: str, path: str) -> Readiness | None:
    """The report of one instance at `url``path`; None when it does not answer, or not with a report."""
    import httpx  # noqa: PLC0415 -- a run that deploys nothing need not load it

    try:
        with connect(url, seconds=SECONDS) as client:
            answer = client.get(url + path)
    except httpx.HTTPError:
        return None
    return parse(answer.content) if len(answer.content) <= MOST_BYTES else None
