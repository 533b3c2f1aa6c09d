"""Check before a deployment what would fail late: the image, the secrets, the roles."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Literal, TypeVar

from botocore.exceptions import ClientError
from msgspec import Struct

from deployer.aws import ecr, iam, ssm
from deployer.aws.errors import is_denied, refused_call
from deployer.aws.session import Session
from deployer.core.desired import Desired
from deployer.core.observed import Inspection, Observed
from deployer.core.policies.documents import policy_name
from deployer.core.policies.trust import trusts
from deployer.core.secret import SecretValue
from deployer.core.target import ServiceRole
from deployer.core.unverified import (
    CallRefused,
    NoSettingsClass,
    RightsConditional,
    RightsRefused,
    SecretsNotRead,
    UnverifiedCheck,
)
from deployer.project import PROJECT_FILE
from deployer.resources.ssm_parameters.secrets import generate

Examine = Callable[[Mapping[str, str], Mapping[str, SecretValue]], Mapping[str, str]]
Check = Literal["image-platform", "secrets", "roles"]
T = TypeVar("T")
U = TypeVar("U")


def inspect(
    session: Session,
    desired: Desired,
    observed: Observed,
    digest: str,
    examine: Examine | None,
    *,
    decrypt: bool = True,
) -> Inspection:
    """Make all checks in parallel. `examine(literals, secrets)` gives by variable why the service would refuse it.

    Without `examine`, when its settings class is not known, or without `decrypt` no secret is read. A check that these
    credentials may not make is named in `unverified`; any other failure ends the run.
    """
    clients = session.ecr, session.iam, session.ssm  # created here, because creating clients is not thread-safe
    unverified: list[UnverifiedCheck] = []
    with ThreadPoolExecutor(len(clients) + 1) as pool:
        platform = pool.submit(_platform, session, desired, observed, digest)
        secrets = pool.submit(_secrets, session, desired, observed) if decrypt and examine else None
        policy = policy_name(desired.app, desired.environment)
        taken = () if desired.roles else desired.target.roles(desired)
        roles = [pool.submit(_role, session, role, policy) for role in taken]
        seen = _unless_denied(platform, "image-platform", unverified, None)
        values = _unless_denied(secrets, "secrets", unverified, None) if secrets else None
        role_checks = [_unless_denied(role, "roles", unverified, None) for role in roles]
    if examine is None:
        unverified.append(NoSettingsClass(file=PROJECT_FILE))
    elif secrets is None:
        unverified.append(SecretsNotRead())
    checked_roles = [role for role in role_checks if role is not None]
    return Inspection(
        platform=seen,
        secrets={} if desired.rollback_to or values is None or examine is None else examine(desired.literals, values),
        missing_roles=tuple(role.name for role in checked_roles if not role.exists),
        untrusted={role.name: role.service for role in checked_roles if role.exists and not role.trusted},
        denied={role.name: role.denied for role in checked_roles if role.denied},
        unverified=tuple(dict.fromkeys([*unverified, *(role.unverified for role in checked_roles if role.unverified)])),
    )


def _unless_denied(look: Future[T], check: Check, unverified: list[UnverifiedCheck], otherwise: U) -> T | U:
    try:
        return look.result()
    except ClientError as error:
        if not is_denied(error):
            raise
        unverified.append(CallRefused(check=check, refused=refused_call(error)))
        return otherwise


def _platform(session: Session, desired: Desired, observed: Observed, digest: str) -> str | None:
    runs = observed.service.spec.image if observed.service else ""
    if observed.image is None or runs.endswith(digest):
        return None  # this machine's image, which is about to be pushed, or an image that already runs
    platforms = ecr.platforms(session.ecr, desired.image.repository, digest)
    runs = desired.target.capabilities.image_platform
    return runs if runs in platforms else ", ".join(platforms)


def _secrets(session: Session, desired: Desired, observed: Observed) -> dict[str, SecretValue]:
    """The values that containers would get, by variable; of a secret that is still to be generated, one like it."""
    there = {p.path: p.variable for p in desired.parameters if p.secure and p.path in observed.parameters}
    values: dict[str, SecretValue] = {}
    for batch in ssm.batches(list(there)):
        values |= ssm.reveal(session.ssm, batch)
    absent = [p for p in desired.parameters if p.secure and p.path not in observed.parameters]
    alike = {p.variable: value for p in absent if (value := generate(p))}
    return {**alike, **{there[path]: value for path, value in values.items()}}


class _Role(Struct, frozen=True):
    name: str
    service: str
    exists: bool
    trusted: bool = True
    denied: tuple[str, ...] = ()
    unverified: UnverifiedCheck | None = None


def _role(session: Session, role: ServiceRole, policy: str) -> _Role:
    """Check a role that the deployer does not manage. `policy` is the name of the inline policy to read."""
    live = iam.read_role(session.iam, role.name, policy)
    if live is None:
        return _Role(role.name, role.service, exists=False)
    trusted = trusts(live.trust, role.service)
    denied, keys = list[str](), list[str]()
    try:
        for actions, resources in role.grants:
            simulated = iam.simulate(session.iam, live.arn, actions, resources)
            denied += simulated.denied
            keys += simulated.keys
    except ClientError as error:
        if not is_denied(error):
            raise
        unverified = RightsRefused(role=role.name, refused=refused_call(error))
        return _Role(role.name, role.service, exists=True, trusted=trusted, unverified=unverified)
    conditions = RightsConditional(role=role.name, keys=tuple(dict.fromkeys(keys))) if keys else None
    return _Role(role.name, role.service, exists=True, trusted=trusted, denied=tuple(denied), unverified=conditions)
