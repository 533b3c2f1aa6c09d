"""Check the AWS account: its credentials, what they may do, and where the target is offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from deployer.account.duties import needs_of_verbs
from deployer.aws import iam
from deployer.aws.errors import explain, is_denied, refused_call
from deployer.aws.session import Session
from deployer.core import diagnosis
from deployer.core.account_finding import Account, Credentials, Region, Rights, RightsNotSimulated, RootUser
from deployer.core.desired import Desired
from deployer.core.finding import Finding
from deployer.core.target import Description


def credentials(session: Session) -> Iterator[Finding]:
    """The source of the credentials, never their values."""
    yield Credentials(source=session.credentials() or "")


def identity(session: Session, seen: list[str]) -> Iterator[Finding]:
    """Check the clock and the account. Puts the caller's ARN into `seen` when the account is the manifest's."""
    try:
        caller: Mapping[str, Any] = session.sts.get_caller_identity()
    except ClientError as error:
        yield from _clock(error.response)
        raise
    yield from _clock(caller)
    if caller["Account"] == session.account:
        seen.append(caller["Arn"])
    yield Account(live=caller["Account"], desired=session.account, who=caller["Arn"])


def _clock(answer: Mapping[str, Any]) -> Iterator[Finding]:
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    yield diagnosis.clock(header, datetime.now(UTC))


def region(session: Session, target: Description) -> Iterator[Finding]:
    """Whether the target is offered in the region, as far as this botocore knows."""
    yield Region(region=session.region, title=target.title, offered=tuple(session.regions(target.aws_service)))


def rights(session: Session, desired: Desired, who: str) -> Iterator[Finding]:
    """Check what the caller may do, by verb, as IAM simulates it."""
    try:
        principal = _principal(session, who)
        if principal is None:
            yield RightsNotSimulated(caller=who)
            return
        if not principal:
            yield RootUser()
            return
        needs_by_verb = needs_of_verbs(desired)
        refused = iam.refused(session.iam, principal, [need for needs in needs_by_verb.values() for need in needs])
        for verbs, needs in needs_by_verb.items():
            yield Rights(verbs=verbs, denied=tuple(need for need in needs if need in refused))
    except ClientError as error:
        if is_denied(error):
            yield RightsNotSimulated(refused=refused_call(error))
        else:
            yield RightsNotSimulated(error=explain(error).what)


def _principal(session: Session, who: str) -> str | None:
    """The ARN that a policy belongs to: "" for the root user, None for a caller without one."""
    kind, name = diagnosis.caller(who)
    if kind == "root":
        return ""
    return iam.role_arn(session.iam, name) if kind == "role" else name or None
