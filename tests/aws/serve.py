"""A local AWS endpoint in a process of its own, because moto keeps its state per process. It ends with its stdin."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from deployer.local.endpoint import AwsEndpoint
from deployer.world_keys import Keys, write
from tests.serving import running_loop


def no_control(_: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    start_response("404 Not Found", [])
    return []


def main(account: str, region: str, home: Path) -> None:
    keys = Keys.make()
    with running_loop() as loop:
        endpoint = AwsEndpoint(
            port=0,
            account=account,
            region=region,
            images=home / "images",
            work=home / "work",
            loop=loop,
            control=no_control,
            keys=keys,
        )
        endpoint.start()
        write(home / "keys", int(endpoint.url.rpartition(":")[2]), keys)
        print(endpoint.url, flush=True)  # noqa: T201
        sys.stdin.read()
        endpoint.stop()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
