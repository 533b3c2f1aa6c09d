"""The rights that each verb needs in one environment: what a policy for its people, or for CI, has to allow. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from deployer.core.desired import Desired
from deployer.core.policies import rights
from deployer.core.policies.rights import Need
from deployer.core.release import ledger_path
from deployer.core.target import Call
from deployer.resources.registry import KINDS
from deployer.resources.ssm_parameters.rights import replaced

PASSING: Final = "iam:PassRole"
# AWS makes a role of its own for a target with the rights of whoever creates an account's first service.
LINKING: Final = "iam:CreateServiceLinkedRole"
_ADMINISTRATION = ("iam:CreateRole", "iam:TagRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy")


def duties(desired: Desired) -> dict[str, tuple[Need, ...]]:
    """By verbs. What only some deployments need is left out: a new repository, a parameter that is pruned. So is what
    `destroy` needs: credentials that deploy every day had better not have it.

    So is iam:PassRole: a policy allows it under a condition, which a simulation does not know.
    """
    return {
        verbs: tuple(need for need in _together(calls, desired) if need.action != PASSING)
        for verbs, calls in _calls(desired).items()
    }


def deployment(desired: Desired, source: str | None = None) -> tuple[Need, ...]:
    """All that credentials need which deploy every day, for example those of CI.

    That is what every verb of `duties` needs, a push of the image, the looks before a deployment, iam:PassRole, and
    what the first service of an account needs. It is not what `bootstrap` is for: who may write a role's policy may do
    whatever that role can be allowed. It deletes the lock, the hold, and a parameter whose type has to change, which no
    overwrite does.

    `source` is the service that images are promoted from: what it runs is looked at.
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


def looking(desired: Desired, source: str | None = None) -> tuple[Need, ...]:
    """All that credentials need which only plan, and look for drift. `source` is as in `deployment`.

    A plan that deploys looks at the image and at the roles of the service, too.
    """
    return _together([*_looks(desired), *_promoted(desired, source), *_inspects(desired)], desired)


def imaging(desired: Desired) -> tuple[Need, ...]:
    """All that credentials need which only push an image."""
    return _together(_pushes(desired), desired)


def _calls(desired: Desired) -> dict[str, list[Call]]:
    secrets = [parameter.path for parameter in desired.parameters if parameter.secure]
    group = {"logGroupName": f"{desired.target.log_groups.format(service=desired.service_name)}/*"}
    lines: list[Call] = [("logs:FilterLogEvents", group), ("logs:DescribeLogStreams", group)]
    return {
        "plan, status, drift": [*_looks(desired)],
        "logs": [
            *desired.target.rights.looks(desired),
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
        "reconcile, rollback": [*_looks(desired), *_promoted(desired, None), *_changes(desired), *lines],
        "pause, resume, restart": [*_looks(desired), *_locks(desired), *desired.target.rights.turns(desired), *lines],
    }


def _holding(desired: Desired) -> Call:
    """The read of the hold: an environment that is held by hand takes no secret."""
    return "ssm:GetParameters", {"Names": f"{desired.ledger}/hold"}


def _secret(name: str) -> Iterator[Call]:
    yield "ssm:GetParameters", {"Names": name}
    yield "ssm:PutParameter", {"Name": name, "Tags": []}
    yield "ssm:ListTagsForResource", {"ResourceId": name}
    yield "ssm:DeleteParameter", {"Name": name}


def _pushes(desired: Desired) -> Iterator[Call]:
    """Also what docker and the like call (Amazon ECR user guide, "Required IAM permissions for pushing an image")."""
    yield "ecr:DescribeRepositories", {"repositoryNames": desired.image.repository}
    yield "ecr:GetAuthorizationToken", {}
    calls = ("GetLifecyclePolicy", "DescribeImages", "PutImage", "BatchGetImage", "GetDownloadUrlForLayer")
    for call in (*(f"ecr:{name}" for name in calls), *rights.PUSHED):
        yield call, {"repositoryName": desired.image.repository}


def _looks(desired: Desired) -> Iterator[Call]:
    for kind in KINDS:
        yield from kind.reads(desired)
    for name in _ledger(desired):
        yield "ssm:GetParameters", {"Names": name}
    yield "ssm:GetParameterHistory", {"Name": f"{desired.ledger}/release"}
    yield from desired.target.rights.looks(desired)


def _promoted(desired: Desired, source: str | None) -> Iterator[Call]:
    """The look at the environment in which an image has to be healthy first."""
    if desired.healthy_in:
        yield "ssm:GetParameterHistory", {"Name": f"{ledger_path(desired.app, desired.healthy_in)}/release"}
    if source:
        yield from desired.target.rights.looks(replace(desired, service_name=source))


def _inspects(desired: Desired) -> Iterator[Call]:
    """The looks before a deployment."""
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
    """The lock, and the hold that a resume lifts. A release that a stopped run left is recorded, too."""
    for name in ("lock", "release"):
        yield "ssm:PutParameter", {"Name": f"{desired.ledger}/{name}"}
    for name in ("lock", "hold"):
        yield "ssm:GetParameter", {"Name": f"{desired.ledger}/{name}"}
        yield "ssm:DeleteParameter", {"Name": f"{desired.ledger}/{name}"}


def _ledger(desired: Desired) -> Iterator[str]:
    yield from (f"{desired.ledger}/{name}" for name in ("release", "intended", "lock", "hold"))


def _together(calls: Iterable[Call], desired: Desired) -> tuple[Need, ...]:
    found: dict[str, dict[str, None]] = {}
    for call, parameters in calls:
        for need in rights.needs(call, parameters, desired.region, desired.account, desired.target.rights.calls):
            found.setdefault(need.action, {}).update(dict.fromkeys(need.resources))
    return tuple(Need(action, tuple(resources)) for action, resources in found.items())
