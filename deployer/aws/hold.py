"""Read, place and lift the hold of an environment: an SSM parameter next to its lock and its releases.

It is written without the lock, so that an operator can place a hold while a run is under way. It is read again just
before each write: a hold that another user placed in the meantime is neither replaced nor deleted.
"""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from deployer.aws.errors import only
from deployer.aws.fresh import read_fresh
from deployer.aws.ssm import read as read_parameters
from deployer.core.hold import Hold, one_line
from deployer.errors import Refused

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


def parameter(ledger: str) -> str:
    """The name of the hold's parameter."""
    return f"{ledger}/hold"


def read(ssm: SSMClient, ledger: str) -> Hold | None:
    """The hold, or None."""
    stored = read_parameters(ssm, [parameter(ledger)]).get(parameter(ledger))
    return Hold.from_text(stored.value or "") if stored else None


def new(who: str, reason: str) -> Hold:
    """A hold that begins now."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    return Hold(id=secrets.token_hex(6), kind="manual", who=who, when=when, reason=one_line(reason))


def place(ssm: SSMClient, ledger: str, hold: Hold, *, over: Hold | None) -> None:
    """Write a hold over the hold that was seen. Raises Refused when another hold has replaced that."""
    now = read_fresh(lambda: read(ssm, ledger))
    _refuse_another(ledger, over, now)
    try:
        ssm.put_parameter(
            Name=parameter(ledger),
            Value=hold.to_text(),
            Type="String",
            Tier="Standard",
            Overwrite=now is not None,
            Description="who stopped deployments, and why",
        )
    except ClientError as error:
        only(error, "ParameterAlreadyExists")
        _refuse_another(ledger, hold, read(ssm, ledger))


def lift(ssm: SSMClient, ledger: str, hold: Hold) -> None:
    """Delete the hold that was seen. Raises Refused when another hold has replaced it; an absent hold is a success."""
    now = read_fresh(lambda: read(ssm, ledger))
    if now is None:
        return
    _refuse_another(ledger, hold, now)
    try:
        ssm.delete_parameter(Name=parameter(ledger))
    except ClientError as error:
        only(error, "ParameterNotFound")


def _refuse_another(ledger: str, observed: Hold | None, now: Hold | None) -> None:
    if (now and now.id) != (observed and observed.id):
        did = "lifted the hold" if now is None else "placed another hold"
        raise Refused(
            f"someone else {did} in the meantime; the hold was not changed",
            fix=f"check again: just hold {ledger.rpartition('/')[2]}",
        )
