"""Read the readiness of a running service at its public URL."""

from __future__ import annotations

from deployer.core.readiness import Readiness, parse

SECONDS = 10.0  # the service checks its upstream services meanwhile, for at most three seconds
MOST_BYTES = 65536


def read_ready(url: str, path: str) -> Readiness | None:
    """The report of one instance at `url``path`; None when it does not answer, or not with a report."""
    import httpx  # noqa: PLC0415 -- a run that deploys nothing need not load it

    try:
        answer = httpx.get(url + path, timeout=SECONDS, follow_redirects=False)
    except httpx.HTTPError:
        return None
    return parse(answer.content) if len(answer.content) <= MOST_BYTES else None
