"""Check the AWS account: its credentials, what they may do, and where the target is offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from deployer.account.duties import duties
from deployer.aws import iam
from deployer.aws.errors import explain, is_denied, refused_call
from deployer.aws.session import Session
from deployer.core import diagnosis
from deployer.core.desired import Desired
from deployer.core.diagnosis import Finding
from deployer.core.policies.rights import Need
from deployer.core.target import Description

INSTEAD = "the missing action is read from the error when a call is refused"


def credentials(session: Session) -> Iterator[Finding]:
    """The source of the credentials, never their values."""
    where = session.credentials()
    if where:
        yield Finding("credentials", "ok", where)
    else:
        yield Finding("credentials", "problem", "none found", "log in, for example with: aws sso login")


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
    yield diagnosis.account(caller["Account"], session.account, caller["Arn"])


def _clock(answer: Mapping[str, Any]) -> Iterator[Finding]:
    header = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    yield diagnosis.clock(header, datetime.now(UTC))


def region(session: Session, target: Description) -> Iterator[Finding]:
    yield diagnosis.region(session.region, session.regions(target.aws_service), target.title)


def rights(session: Session, desired: Desired, who: str) -> Iterator[Finding]:
    """Check what the caller may do, by verb, as IAM simulates it."""
    try:
        principal = _principal(session, who)
        if principal is None:
            yield Finding("rights", "unseen", f"IAM simulates users and roles only, not {who}; {INSTEAD}")
            return
        if not principal:
            yield Finding(
                "rights", "note", "this is the account's root user, who may do everything: use a role instead"
            )
            return
        wanted = duties(desired)
        refused = iam.refused(session.iam, principal, [need for needs in wanted.values() for need in needs])
        for verbs, needs in wanted.items():
            yield _judged(verbs, [need for need in needs if need in refused])
    except ClientError as error:
        why = f"these credentials may not call {refused_call(error)}" if is_denied(error) else explain(error).what
        yield Finding("rights", "unseen", f"{why}; {INSTEAD}")


def _principal(session: Session, who: str) -> str | None:
    """The ARN that a policy belongs to: "" for the root user, None for a caller without one."""
    kind, name = diagnosis.caller(who)
    if kind == "root":
        return ""
    return iam.role_arn(session.iam, name) if kind == "role" else name or None


def _judged(verbs: str, denied: list[Need]) -> Finding:
    about = f"rights: {verbs}"
    if not denied:
        return Finding(about, "ok", "allowed")
    statements = "\n".join(need.statement for need in denied)
    actions = ", ".join(need.action for need in denied)
    return Finding(about, "problem", f"not allowed: {actions}", f"add to a policy of these credentials:\n{statements}")
