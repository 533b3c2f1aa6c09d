"""The rights that each verb needs in one environment, for the policies of people and of CI. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from deployer.core.desired import Desired
from deployer.core.policies import rights
from deployer.core.policies.rights import Need
from deployer.core.release import ledger_path
from deployer.core.target import Call
from deployer.resources.registry import CALLS, KINDS
from deployer.resources.ssm_parameters.rights import replaced

PASSING: Final = "iam:PassRole"
# AWS creates a role of its own for a target with the rights of the caller that creates an account's first service.
LINKING: Final = "iam:CreateServiceLinkedRole"
_ADMINISTRATION = ("iam:CreateRole", "iam:TagRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy")


def needs_of_verbs(desired: Desired) -> dict[str, tuple[Need, ...]]:
    """The needs of each verb.

    What only some deployments need is left out: a new repository, a parameter that is pruned. So is what `destroy`
    needs: credentials that deploy every day should not have it. So is iam:PassRole: a policy allows it under a
    condition, which a simulation does not know.
    """
    return {
        verbs: tuple(need for need in _together(calls, desired) if need.action != PASSING)
        for verbs, calls in _calls(desired).items()
    }


def deployment(desired: Desired, source: str | None = None) -> tuple[Need, ...]:
    """Everything that daily deployments need, for example those of CI.

    That is what every verb of `duties` needs, a push of the image, the checks before a deployment, iam:PassRole, and
    what the first service of an account needs. It is not what `bootstrap` needs: a caller that may write a role's
    policy can do whatever that role can be allowed. It deletes the lock, the hold, and a parameter whose type has to
    change, which no overwrite does.

    `source` is the service that images are promoted from: its running image is read.
    """
    made = _calls(desired)
    calls = [*made["plan, status, drift"], *made["logs"], *made["image push"], *made["reconcile, rollback"]]
    calls += made["pause, resume, restart"]
    calls += [
        *(call for kind in KINDS for call in kind.repairs(desired)),
        *_promoted(desired, source),
        *_inspects(desired),
    ]
    daily = (need for need in _together(calls, desired) if need.action not in _ADMINISTRATION)
    return (*daily, Need(LINKING, (desired.target.rights.linked.format(account=desired.account),)))


def reading(desired: Desired, source: str | None = None) -> tuple[Need, ...]:
    """Everything that only planning and drift checks need. `source` is as in `deployment`.

    A plan that deploys also reads the image and the roles of the service.
    """
    return _together([*_reads(desired), *_promoted(desired, source), *_inspects(desired)], desired)


def imaging(desired: Desired) -> tuple[Need, ...]:
    """Everything that only pushing an image needs."""
    return _together(_pushes(desired), desired)


def operating(desired: Desired) -> tuple[Need, ...]:
    """Everything that the verbs about users' messages need, for people and not for CI; none without such content."""
    return _together([call for calls in _operations(desired).values() for call in calls], desired)


def _operations(desired: Desired) -> dict[str, list[Call]]:
    operations: dict[str, list[Call]] = {}
    for kind in KINDS:
        for verbs, calls in kind.operates(desired).items():
            operations[verbs] = [*desired.target.rights.reads(desired), _holding(desired), *calls]
    return operations


def _calls(desired: Desired) -> dict[str, list[Call]]:
    secrets = [parameter.path for parameter in desired.parameters if parameter.secure]
    groups = desired.target.log_groups.format(service=desired.service_name)
    group = {"logGroupName": groups if groups.endswith("*") else f"{groups}/*"}
    lines: list[Call] = [("logs:FilterLogEvents", group), ("logs:DescribeLogStreams", group)]
    return {
        "plan, status, drift": [*_reads(desired)],
        "logs": [
            *desired.target.rights.reads(desired),
            ("ssm:DescribeParameters", {}),
            *[("ssm:GetParameters", {"Names": name}) for name in secrets],
            *lines,
        ],
        "image push": [*_pushes(desired)],
        "secret": [
            _holding(desired),
            ("ssm:DescribeParameters", {}),
            *(call for name in secrets for call in _secret(name)),
            replaced(desired),
        ],
        "reconcile, rollback": [*_reads(desired), *_promoted(desired, None), *_changes(desired), *lines],
        "pause, resume, restart": [*_reads(desired), *_locks(desired), *desired.target.rights.turns(desired), *lines],
        **_operations(desired),
    }


def _holding(desired: Desired) -> Call:
    """The call that reads the hold: an environment that is held by hand accepts no secret."""
    return "ssm:GetParameters", {"Names": f"{desired.ledger}/hold"}


def _secret(name: str) -> Iterator[Call]:
    yield "ssm:GetParameters", {"Names": name}
    yield "ssm:PutParameter", {"Name": name, "Tags": []}
    yield "ssm:ListTagsForResource", {"ResourceId": name}
    yield "ssm:DeleteParameter", {"Name": name}


def _pushes(desired: Desired) -> Iterator[Call]:
    """The calls of a push, including those that docker and similar tools make.

    Source: Amazon ECR user guide, "Required IAM permissions for pushing an image".
    """
    yield "ecr:DescribeRepositories", {"repositoryNames": desired.image.repository}
    yield "ecr:GetAuthorizationToken", {}
    calls = ("GetLifecyclePolicy", "DescribeImages", "PutImage", "BatchGetImage", "GetDownloadUrlForLayer")
    for call in (*(f"ecr:{name}" for name in calls), *rights.PUSHED):
        yield call, {"repositoryName": desired.image.repository}


def _reads(desired: Desired) -> Iterator[Call]:
    for kind in KINDS:
        yield from kind.reads(desired)
    for name in _ledger(desired):
        yield "ssm:GetParameters", {"Names": name}
    yield "ssm:GetParameterHistory", {"Name": f"{desired.ledger}/release"}
    yield from desired.target.rights.reads(desired)


def _promoted(desired: Desired, source: str | None) -> Iterator[Call]:
    """The calls that read the environment in which an image has to be healthy first."""
    if desired.healthy_in:
        yield "ssm:GetParameterHistory", {"Name": f"{ledger_path(desired.app, desired.healthy_in)}/release"}
    if source:
        yield from desired.target.rights.reads(replace(desired, service_name=source))


def _inspects(desired: Desired) -> Iterator[Call]:
    """The calls of the checks before a deployment."""
    for kind in KINDS:
        yield from kind.inspects(desired)


def _changes(desired: Desired) -> Iterator[Call]:
    for kind in KINDS:
        yield from kind.writes(desired)
    for name in _ledger(desired):
        yield "ssm:PutParameter", {"Name": name}
        yield "ssm:GetParameter", {"Name": name}
    for name in ("lock", "hold"):
        yield "ssm:DeleteParameter", {"Name": f"{desired.ledger}/{name}"}
    yield from desired.target.rights.changes(desired)


def _locks(desired: Desired) -> Iterator[Call]:
    """The calls for the lock, for the hold that a resume lifts, and for recording a release that a stopped run left."""
    for name in ("lock", "release"):
        yield "ssm:PutParameter", {"Name": f"{desired.ledger}/{name}"}
    for name in ("lock", "hold"):
        yield "ssm:GetParameter", {"Name": f"{desired.ledger}/{name}"}
        yield "ssm:DeleteParameter", {"Name": f"{desired.ledger}/{name}"}


def _ledger(desired: Desired) -> Iterator[str]:
    yield from (f"{desired.ledger}/{name}" for name in ("release", "intended", "lock", "hold"))


def _together(calls: Iterable[Call], desired: Desired) -> tuple[Need, ...]:
    by_action: dict[str, dict[str, None]] = {}
    added = {**CALLS, **desired.target.rights.calls}
    for call, parameters in calls:
        for need in rights.needs(call, parameters, desired.region, desired.account, added):
            by_action.setdefault(need.action, {}).update(dict.fromkeys(need.resources))
    return tuple(Need(action, tuple(resources)) for action, resources in by_action.items())
