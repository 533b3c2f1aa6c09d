"""A process that writes parameters the way a reconcile does: `python -m bench.put ENDPOINT PATH COUNT`."""

from __future__ import annotations

import sys
from pathlib import Path

from deployer.aws import ssm
from deployer.aws.session import Session
from deployer.core.secret import SecretValue
from deployer.world_keys import keys_in


def put(endpoint: str, path: str, count: int) -> None:
    """Every second one is a secret."""
    session = Session("000000000000", "us-west-2", endpoint, keys_in(Path.cwd()))
    session.check()
    for number in range(count):
        value = SecretValue(f"value-{number}") if number % 2 else f"value-{number}"
        ssm.put(session.ssm, f"{path}/variable-{number}", value, "written by a benchmark", create=True)


if __name__ == "__main__":
    put(sys.argv[1], sys.argv[2], int(sys.argv[3]))
