"""One writer per environment: an SSM parameter that only one caller can create."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from deployer.errors import Refused

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

EXPIRES_AFTER = timedelta(minutes=40)  # longer than the longest deployment that is waited for


@contextmanager
def hold(ssm: SSMClient, ledger: str, *, who: str, intent: str) -> Iterator[None]:
    """Hold the environment's lock. Raises Refused when another run holds it.

    Creating with Overwrite=false succeeds for one caller only. A lock that has expired, or whose holder was a process
    of this machine that is gone, is taken over by overwriting it; that counts only if the version that comes back is
    the one after the version that was seen.
    """
    name = f"{ledger}/lock"
    body = _body(who, intent)
    try:
        version = ssm.put_parameter(Name=name, Value=body, Type="String", Tier="Standard", Overwrite=False)["Version"]
    except ssm.exceptions.ParameterAlreadyExists:
        version = _take_over(ssm, name, body)
    try:
        yield
    finally:
        _release(ssm, name, version)


def _body(who: str, intent: str) -> str:
    expires = datetime.now(UTC) + EXPIRES_AFTER
    return json.dumps(
        {
            "holder": who,
            "intent": intent,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "expires": expires.isoformat(timespec="seconds"),
        }
    )


def _take_over(ssm: SSMClient, name: str, body: str) -> int:
    seen = ssm.get_parameter(Name=name)["Parameter"]
    holder = json.loads(seen["Value"])
    if not _over(holder):
        raise _held(holder)
    version = ssm.put_parameter(Name=name, Value=body, Type="String", Tier="Standard", Overwrite=True)["Version"]
    if version != seen["Version"] + 1:
        raise _held(json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"]))
    return version


def _over(holder: dict[str, Any]) -> bool:
    if datetime.fromisoformat(holder["expires"]) <= datetime.now(UTC):
        return True
    if holder["host"] != socket.gethostname():
        return False
    try:
        os.kill(holder["pid"], 0)
    except OSError as error:  # a process of another user is alive, too
        return isinstance(error, ProcessLookupError)
    return False


def _held(holder: dict[str, Any]) -> Refused:
    return Refused(
        f"{holder['holder']} is working on this environment: {holder['intent']}",
        fix=f"wait until it is done; the lock expires at {holder['expires']}",
    )


def _release(ssm: SSMClient, name: str, version: int) -> None:
    """Delete the lock, if it is still ours."""
    try:
        if ssm.get_parameter(Name=name)["Parameter"]["Version"] == version:
            ssm.delete_parameter(Name=name)
    except ssm.exceptions.ParameterNotFound:
        return
