"""The name of who made a change, in a form for people."""

from __future__ import annotations

LOCAL_USER = "local user"  # the local world's AWS accepts any credentials, so it cannot identify the caller


def person_name(who: str) -> str:
    """The readable part of a caller's ARN: a user's name, or role/session for an assumed role. Other text is kept."""
    if not who.startswith("arn:"):
        return who
    kind, _, name = who.rpartition(":")[2].partition("/")
    if not name:
        return kind  # such as root
    return name if kind == "assumed-role" else name.rpartition("/")[2]


def is_local_caller(arn: str) -> bool:
    """Whether this is the ARN that the local world's AWS gives to every caller without a user of its own."""
    return arn.startswith("arn:aws:sts::") and arn.endswith(":user/moto")  # real users are of iam, not of sts
