"""Compare an account with what an environment needs. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

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
from deployer.core.advice import Note, Problem
from deployer.core.cause import Cause, CauseKind
from deployer.core.facts import RepositoryFact
from deployer.core.policies.documents import AUDIENCE, ISSUER, provider_arn
from deployer.core.policies.rights import Need
from deployer.core.policies.trust import admits, strangers, trusts
from deployer.resources.ecr_repository.plan import plan_repository

Line = Step | Problem | Note | str
MISSING = (Cause(kind=CauseKind.MISSING),)
DIFFERS = (Cause(kind=CauseKind.DIFFERENT),)


class PrincipalFact(Struct, frozen=True):
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


class AccountFacts(Struct, frozen=True):
    """The observed account. `audiences` are those of the provider, None without one; `principals` are by their use."""

    repository: RepositoryFact | None
    audiences: tuple[str, ...] | None
    principals: Mapping[str, PrincipalFact | None]


def compare(wanted: Requirements, facts: AccountFacts) -> Steps:
    """The steps in order: a role before its policy, GitHub's provider before the role that trusts it."""
    lines: list[Line] = [*_repository(wanted, facts)]
    lines += _provider(wanted, facts.audiences) if wanted.provider else ()
    for principal in wanted.principals:
        lines += _principal(wanted, principal, facts.principals[principal.use])
    return Steps(
        wanted.desired.environment,
        tuple(line for line in lines if not isinstance(line, Problem | Note | str)),
        tuple(line for line in lines if isinstance(line, Problem)),
        tuple(line for line in lines if isinstance(line, Note)),
        tuple(line for line in lines if isinstance(line, str)),
    )


def _repository(wanted: Requirements, facts: AccountFacts) -> Iterator[Line]:
    changes = plan_repository(wanted.desired, facts.repository, released=False)
    yield from changes
    if not changes:
        yield Note("=", f"repository {wanted.desired.image.repository}", "as it should be")


def _provider(wanted: Requirements, audiences: tuple[str, ...] | None) -> Iterator[Line]:
    """The account's own provider. An existing provider is never changed: others may trust it as it is."""
    deployer = wanted.deployer
    if audiences is None and deployer.managed:
        yield CreateProvider(wanted.desired.account, symbol="+", causes=MISSING, line=deployer.line)
    elif audiences is None:
        yield Problem(f"the account does not know {ISSUER}", _managed(wanted, deployer), deployer.line)
    elif AUDIENCE not in audiences:
        arn = provider_arn(wanted.desired.account)
        yield Problem(
            f"the account knows {ISSUER}, but for {', '.join(audiences) or 'no audience'}, not for {AUDIENCE}",
            "it may be used by others, so add it yourself: aws iam add-client-id-to-open-id-connect-provider "
            f"--open-id-connect-provider-arn {arn} --client-id {AUDIENCE}",
            deployer.line,
        )
    else:
        yield Note("=", f"provider {ISSUER}", f"knows {AUDIENCE}")


def _principal(wanted: Requirements, principal: Principal, found: PrincipalFact | None) -> Iterator[Line]:
    lines = [*(_ours(principal, found) if principal.managed else _theirs(wanted, principal, found))]
    yield from lines
    if not any(isinstance(line, Problem) or not isinstance(line, str) for line in lines):
        yield Note("=", f"{principal.kind} {principal.name}", principal.use)
    if principal.shared:
        yield _shared(wanted, principal)


def _ours(principal: Principal, found: PrincipalFact | None) -> Iterator[Line]:
    """A principal that the manifest manages: created, or repaired as far as no other work is lost."""
    line = principal.line
    if found is None:
        yield CreatePrincipal(principal, symbol="+", causes=MISSING, line=line)
    elif found.trust != principal.trust:
        if not found.ours:
            yield Problem(
                f"{principal.kind} {principal.name} exists with another trust policy, "
                "and the deployer did not create it",
                f"name another in {principal.key}; or let the deployer manage it: "
                f"aws iam tag-role --role-name {principal.name} --tags Key=managed-by,Value=deployer",
                line,
            )
            return
        yield PutTrust(principal, symbol="~", causes=DIFFERS, line=line)
    policy = found.policy if found else None
    if policy != principal.policy:
        yield PutPolicy(principal, symbol="~" if policy else "+", causes=DIFFERS if policy else MISSING, line=line)
    if principal.kind == "user" and not (found and found.attached):
        yield AttachPolicy(principal, symbol="+", causes=MISSING, line=line)
    if found and found.others and principal.of_github:
        yield f"{principal.kind} {principal.name} also has other policies: {_list(found.others)}"


def _theirs(wanted: Requirements, principal: Principal, found: PrincipalFact | None) -> Iterator[Line]:
    """A principal that the manifest does not manage: only checked."""
    what, line = f"{principal.kind} {principal.name}", principal.line
    if found is None:
        yield Problem(f"{what} does not exist", _managed(wanted, principal), line)
        return
    yield from _trust(wanted, principal, found)
    for need in found.denied:
        yield Problem(f"{what} does not allow {need.action}", f"add to a policy of it: {need.statement}", line)
    if found.unseen:
        yield f"what {what} allows was not checked: {found.unseen}"
    if principal.use == "plan":
        yield (
            f"whether {what} has more permissions is not checked. It runs the code of pull requests, so allow it "
            f"to write and decrypt nothing: just bootstrap {wanted.desired.environment} --print shows the policy"
        )
    if principal.use == "deploy":
        yield (
            f"whether {what} may pass the service's roles to {wanted.desired.target.title} cannot be checked: "
            f"just bootstrap {wanted.desired.environment} --print shows the statement for iam:PassRole"
        )


def _trust(wanted: Requirements, principal: Principal, found: PrincipalFact) -> Iterator[Problem]:
    account, name = wanted.desired.account, principal.name
    for admitted in principal.admits:
        if not (admits(found.trust, account, admitted) if principal.of_github else trusts(found.trust, admitted)):
            yield Problem(
                f"role {name} does not trust {admitted}",
                f"set its trust policy as shown by: just bootstrap {wanted.desired.environment} --print",
                principal.line,
            )
    for stranger in strangers(found.trust, account, principal.admits) if principal.of_github else ():
        yield Problem(
            f"role {name} can be assumed by {stranger}",
            f"name the jobs of this environment only: {_list(principal.admits)}",
            principal.line,
        )


def _managed(wanted: Requirements, principal: Principal) -> str:
    return (
        f"let the deployer create it: `managed: true` in {principal.key}; "
        f"or create it yourself from: just bootstrap {wanted.desired.environment} --print"
    )


def _shared(wanted: Requirements, principal: Principal) -> str:
    others = _list(principal.shared)
    apart = f"give each environment its own in {principal.key}"
    if principal.use == "access":
        apart += ", if they are to differ"
    return f"{principal.kind} {principal.name} is shared with {others} and {principal.if_shared}; {apart}"


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names)
