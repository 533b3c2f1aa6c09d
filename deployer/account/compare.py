"""Compare an account with what an environment needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from deployer.account.finding import (
    Blocker,
    DeniedNeed,
    ForeignPrincipal,
    MissingPrincipal,
    MissingTrust,
    MoreRights,
    NoProvider,
    Note,
    OperatorPolicy,
    OtherAudience,
    OtherPolicies,
    PassRole,
    RightsUnseen,
    SettledItem,
    SharedPrincipal,
    StrangerTrusted,
)
from deployer.account.operating import operating_policy, operating_policy_name
from deployer.account.requirements import Principal, Requirements
from deployer.account.steps import (
    AttachPolicy,
    CreatePrincipal,
    CreateProvider,
    PutPolicy,
    PutTrust,
    Step,
    Steps,
)
from deployer.core.cause import Cause, CauseKind
from deployer.core.observed import ObservedRepository
from deployer.core.policies.documents import AUDIENCE, ISSUER, provider_arn
from deployer.core.policies.rights import Need
from deployer.core.policies.trust import admits, strangers, trusts
from deployer.resources.ecr_repository.plan import plan_repository

Line = Step | Blocker | SettledItem | Note
MISSING = (Cause(kind=CauseKind.MISSING),)
DIFFERS = (Cause(kind=CauseKind.DIFFERENT),)


class ObservedPrincipal(Struct, frozen=True):
    """A role or user that exists. `ours` means that it carries the deployer's tag.

    `policy` is the document of the deployer's policy in it, None without one; `attached` whether it takes effect.
    `others` are the names of its other policies. `denied` is what it needs and is not allowed, read only where the
    deployer does not manage it; `unseen` is why that could not be read.
    """

    trust: object | None
    ours: bool
    policy: object | None
    attached: bool
    others: tuple[str, ...]
    denied: tuple[Need, ...] = ()
    unseen: str = ""


class ObservedAccount(Struct, frozen=True):
    """The observed account. `audiences` are those of the provider, None without one; `principals` are by their use."""

    repository: ObservedRepository | None
    audiences: tuple[str, ...] | None
    principals: Mapping[str, ObservedPrincipal | None]


def plan_steps(requirements: Requirements, observed: ObservedAccount) -> Steps:
    """The steps in order: a role before its policy, GitHub's provider before the role that trusts it."""
    lines: list[Line] = [*_repository(requirements, observed)]
    lines += _provider(requirements, observed.audiences) if requirements.provider else ()
    for principal in requirements.principals:
        lines += _principal(requirements, principal, observed.principals[principal.use])
    if operating_policy(requirements.desired):
        lines.append(OperatorPolicy(name=operating_policy_name(requirements.desired)))
    return Steps(
        requirements.desired.environment,
        requirements.desired.target.title,
        tuple(line for line in lines if not isinstance(line, Blocker | SettledItem | Note)),
        tuple(line for line in lines if isinstance(line, Blocker)),
        tuple(line for line in lines if isinstance(line, SettledItem)),
        tuple(line for line in lines if isinstance(line, Note)),
    )


def _repository(requirements: Requirements, observed: ObservedAccount) -> Iterator[Line]:
    changes = plan_repository(requirements.desired, observed.repository, released=False)
    yield from changes
    if not changes:
        yield SettledItem("repository", requirements.desired.image.repository)


def _provider(requirements: Requirements, audiences: tuple[str, ...] | None) -> Iterator[Line]:
    """The account's own provider. An existing provider is never changed: others may trust it as it is."""
    deployer = requirements.deployer
    if audiences is None and deployer.managed:
        yield CreateProvider(requirements.desired.account, symbol="+", causes=MISSING, line=deployer.line)
    elif audiences is None:
        yield NoProvider(key=deployer.key, line=deployer.line)
    elif AUDIENCE not in audiences:
        yield OtherAudience(arn=provider_arn(requirements.desired.account), audiences=audiences, line=deployer.line)
    else:
        yield SettledItem("provider", ISSUER)


def _principal(requirements: Requirements, principal: Principal, observed: ObservedPrincipal | None) -> Iterator[Line]:
    kind, name = principal.kind, principal.name
    lines = [*(_ours(principal, observed) if principal.managed else _theirs(requirements, principal, observed))]
    yield from lines
    if all(isinstance(line, Note) for line in lines):
        yield SettledItem(kind, name, principal.use)
    if principal.shared:
        yield SharedPrincipal(
            principal=kind,
            name=name,
            use=principal.use,
            key=principal.key,
            environments=principal.shared,
            if_shared=principal.if_shared,
        )


def _ours(principal: Principal, observed: ObservedPrincipal | None) -> Iterator[Line]:
    """A principal that the manifest manages: created, or repaired as far as no other work is lost."""
    line = principal.line
    if observed is None:
        yield CreatePrincipal(principal, symbol="+", causes=MISSING, line=line)
    elif observed.trust != principal.trust:
        if not observed.ours:
            yield ForeignPrincipal(principal=principal.kind, name=principal.name, key=principal.key, line=line)
            return
        yield PutTrust(principal, symbol="~", causes=DIFFERS, line=line)
    policy = observed.policy if observed else None
    if policy != principal.policy:
        yield PutPolicy(principal, symbol="~" if policy else "+", causes=DIFFERS if policy else MISSING, line=line)
    if principal.kind == "user" and not (observed and observed.attached):
        yield AttachPolicy(principal, symbol="+", causes=MISSING, line=line)
    if observed and observed.others and principal.of_github:
        yield OtherPolicies(principal=principal.kind, name=principal.name, policies=observed.others)


def _theirs(requirements: Requirements, principal: Principal, observed: ObservedPrincipal | None) -> Iterator[Line]:
    """A principal that the manifest does not manage: only checked."""
    kind, name, line = principal.kind, principal.name, principal.line
    if observed is None:
        yield MissingPrincipal(principal=kind, name=name, key=principal.key, line=line)
        return
    yield from _trust(requirements, principal, observed)
    for need in observed.denied:
        yield DeniedNeed(principal=kind, name=name, need=need, line=line)
    if observed.unseen:
        yield RightsUnseen(principal=kind, name=name, why=observed.unseen)
    if principal.use == "plan":
        yield MoreRights(principal=kind, name=name)
    if principal.use == "deploy":
        yield PassRole(principal=kind, name=name)


def _trust(requirements: Requirements, principal: Principal, observed: ObservedPrincipal) -> Iterator[Blocker]:
    account, role, line = requirements.desired.account, principal.name, principal.line
    for admitted in principal.admits:
        if not (admits(observed.trust, account, admitted) if principal.of_github else trusts(observed.trust, admitted)):
            yield MissingTrust(role=role, admitted=admitted, line=line)
    for stranger in strangers(observed.trust, account, principal.admits) if principal.of_github else ():
        yield StrangerTrusted(role=role, stranger=stranger, admits=principal.admits, line=line)
