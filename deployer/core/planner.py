"""From what is wanted and what was observed to a plan. Pure: the same input gives the same plan."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from deployer.core.change import (
    Change,
    CreateRepository,
    CreateScaling,
    DeployService,
    MendRepository,
    PushImage,
    PutLifecycle,
    PutParameter,
    PutRole,
    RecordRelease,
)
from deployer.core.desired import Desired, WantedParameter, lifecycle_policy
from deployer.core.facts import Facts, ServiceFact
from deployer.core.plan import Blocker, Notice, Plan
from deployer.core.release import RELEASE_VARIABLE, Release, release_id
from deployer.core.service import ServiceSpec

UPDATABLE = {"RUNNING", "CREATE_FAILED"}


def plan(desired: Desired, facts: Facts) -> Plan:
    """Everything needed to bring `facts` to `desired`, in the order it is to be applied."""
    last = facts.recorded.release if facts.recorded else None
    parameters = _parameters(desired, facts, last)
    digest, image_changes, image_blockers = _image(desired, facts)
    spec, release = _spec(desired, digest, parameters.versions)
    service_changes, service_blockers = _service(desired, facts, spec, release, parameters, last)
    return Plan(
        app=desired.app,
        environment=desired.environment,
        account=desired.account,
        region=desired.region,
        live_number=facts.recorded.number if facts.recorded and facts.service else None,
        release=release,
        image=spec.image,
        versions=parameters.versions,
        changes=(*_roles(desired, facts), *image_changes, *parameters.changes, *service_changes),
        notices=(*parameters.notices, *_unmanaged(desired, facts)),
        blockers=(*image_blockers, *parameters.blockers, *service_blockers),
        warnings=_warnings(facts),
        unchanged=len(desired.parameters) - len(parameters.changes) - len(parameters.blockers),
    )


def _roles(desired: Desired, facts: Facts) -> Iterable[Change]:
    for role in desired.roles:
        found = facts.roles.get(role.name)
        line = desired.lines["service"]
        if found is None:
            yield PutRole(role, create=True, symbol="+", reason="missing", line=line)
        elif (found.trust, found.policy) != (role.trust, role.policy):
            yield PutRole(role, create=False, symbol="~", reason="drift: not as the deployer wrote it", line=line)


def _image(desired: Desired, facts: Facts) -> tuple[str, list[Change], list[Blocker]]:
    """The digest to run, what ECR lacks, and why the image cannot be had."""
    wanted, line = desired.image, desired.lines["image"]
    policy = lifecycle_policy(wanted.keep)
    repository, changes = facts.repository, list[Change]()
    if repository is None:
        changes.append(CreateRepository(wanted.repository, symbol="+", reason="missing", line=line))
    elif not (repository.immutable and repository.scan_on_push):
        changes.append(
            MendRepository(
                wanted.repository,
                repository.immutable,
                repository.scan_on_push,
                symbol="~",
                reason="drift: changed outside the deployer",
                line=line,
            )
        )
    if repository is None or repository.lifecycle is None:
        changes.append(PutLifecycle(wanted.repository, policy, wanted.keep, symbol="+", reason="missing", line=line))
    elif json.loads(repository.lifecycle) != json.loads(policy):
        changes.append(PutLifecycle(wanted.repository, policy, wanted.keep, symbol="~", reason="differs", line=line))
    if wanted.digest is None and facts.image_digest is None:
        what = f"no image {wanted.repository}:{wanted.tag} in ECR"
        return (
            "",
            changes,
            [Blocker(what, "build and push the image of this commit, or name another: --image TAG", line)],
        )
    if facts.image_digest is None:
        assert wanted.digest is not None
        return wanted.digest, [*changes, PushImage(wanted, wanted.digest, symbol="+", reason="new", line=line)], []
    if wanted.digest is not None and wanted.digest != facts.image_digest:
        what = f"ECR already holds another image under the tag {wanted.tag}; tags are immutable"
        return (
            wanted.digest,
            changes,
            [Blocker(what, "commit the change, so that it gets a tag of its own", line)],
        )
    return facts.image_digest, changes, []


@dataclass(frozen=True)
class _Parameters:
    changes: list[Change]
    notices: list[Notice]
    blockers: list[Blocker]
    versions: dict[str, int]


def _parameters(desired: Desired, facts: Facts, last: Release | None) -> _Parameters:
    result = _Parameters([], [], [], {})
    for wanted in desired.parameters:
        found = facts.parameters.get(wanted.path)
        version = found.version if found else 0
        result.versions[wanted.variable] = version
        held = last.versions.get(wanted.variable) if last else None
        if found is None and wanted.secure and not wanted.origin:
            what = f"{wanted.variable}: the secret has no value in SSM"
            result.blockers.append(Blocker(what, f"just secret set {desired.environment} {wanted.name}", wanted.line))
        elif found is None or found.secure != wanted.secure or found.value != wanted.value:
            if found is not None and not found.secure and wanted.secure:
                what = f"{wanted.variable}: a plain String in SSM, but the manifest says secret"
                result.blockers.append(
                    Blocker(what, f"just secret set {desired.environment} {wanted.name}", wanted.line)
                )
                continue
            result.versions[wanted.variable] = version + 1
            result.changes.append(
                PutParameter(
                    wanted,
                    version=version + 1,
                    old=found.value if found else None,
                    retype=found is not None and found.secure != wanted.secure,
                    symbol="+" if found is None else "~",
                    reason=_why(wanted, found.value if found else None, last),
                    line=wanted.line,
                )
            )
        elif held is not None and held != version:
            kind = "secret" if wanted.secure else "literal"
            detail = f"{kind}   v{held} -> v{version}; containers still hold v{held}"
            result.notices.append(Notice("!", wanted.variable, detail, wanted.line))
    return result


def _why(wanted: WantedParameter, live: str | None, last: Release | None) -> str:
    """Three-way: manifest against the last release is an edit, live against it is drift, both is a conflict."""
    recorded = last.literals.get(wanted.variable) if last else None
    known = last is not None and wanted.variable in last.versions
    if not known:
        return "new" if live is None else "edit"
    if live is None:
        return "drift: removed outside the deployer"
    if wanted.value == recorded:
        return "drift: changed outside the deployer"
    return "edit" if live == recorded else "conflict: edited here and changed outside the deployer"


def _spec(desired: Desired, digest: str, versions: dict[str, int]) -> tuple[ServiceSpec, str]:
    spec = replace(desired.spec, image=desired.image_identifier(digest), environment=dict(desired.plain))
    release = release_id(spec, versions)
    return replace(spec, environment={**desired.plain, RELEASE_VARIABLE: release}), release


def _service(
    desired: Desired,
    facts: Facts,
    spec: ServiceSpec,
    release: str,
    parameters: _Parameters,
    last: Release | None,
) -> tuple[list[Change], list[Blocker]]:
    live, line = facts.service, desired.lines["service"]
    changes: list[Change] = []
    if facts.scaling_arn is None:
        changes.append(
            CreateScaling(
                desired.service_name,
                spec.scaling,
                symbol="+",
                reason="no revision with these numbers",
                line=line,
            )
        )
    if live is None:
        deploy = DeployService(desired.service_name, None, spec, release, (), symbol="+", reason="missing", line=line)
        return [*changes, deploy], []
    if live.status not in UPDATABLE:
        return changes, [_status_blocker(desired, live)]
    if live.spec == spec and live.status == "RUNNING":
        if last is None or last.id != release:
            changes.append(
                RecordRelease(
                    desired.service_name, release, symbol="+", reason="live, but not in the ledger", line=line
                )
            )
        return changes, []
    differences = _differences(live, spec, parameters)
    reason = _why_deploy(live, release, last)
    return [
        *changes,
        DeployService(desired.service_name, live.arn, spec, release, differences, symbol="~", reason=reason, line=line),
    ], []


def _why_deploy(live: ServiceFact, release: str, last: Release | None) -> str:
    """Edit when another release is wanted than the last one, drift when the service is not as that one left it."""
    if last is None:
        return "edit"
    held = live.spec.environment.get(RELEASE_VARIABLE), live.spec.image, live.spec.settings()
    drifted = held != (last.id, last.image, dict(last.settings))
    if release == last.id:
        return "drift: changed outside the deployer"
    return "edit, and drift: changed outside the deployer" if drifted else "edit"


def _status_blocker(desired: Desired, live: ServiceFact) -> Blocker:
    what = f"service {desired.service_name} is {live.status}"
    if live.status == "OPERATION_IN_PROGRESS":
        return Blocker(what + ": App Runner runs one operation at a time", "wait until it has ended, then run again")
    if live.status == "PAUSED":
        return Blocker(what, f"resume it: aws apprunner resume-service --service-arn {live.arn}")
    return Blocker(what, "look at its events in the App Runner console")


def _differences(live: ServiceFact, spec: ServiceSpec, parameters: _Parameters) -> tuple[str, ...]:
    """What a deployment brings, in words; a setting with its old and new value."""
    old = live.spec
    found = ["its creation failed"] if live.status == "CREATE_FAILED" else []
    if old.image != spec.image:
        found.append("image")
    moved = {change.address for change in parameters.changes} | {notice.address for notice in parameters.notices}
    moved |= _moved(old.environment, spec.environment) | _moved(old.secrets, spec.secrets)
    if variables := sorted(moved - {RELEASE_VARIABLE}):
        found.append(" ".join(variables) if len(variables) <= 3 else f"{len(variables)} variables")
    before, after = old.settings(), spec.settings()
    found += [f"{name} {before[name]} -> {after[name]}" for name in after if before[name] != after[name]]
    return tuple(found) or ("its release id is not that of these versions",)


def _moved(old: Mapping[str, str], new: Mapping[str, str]) -> set[str]:
    return {name for name in old.keys() | new.keys() if old.get(name) != new.get(name)}


def _unmanaged(desired: Desired, facts: Facts) -> Iterable[Notice]:
    wanted = {parameter.path for parameter in desired.parameters}
    for path in sorted(facts.parameters.keys() - wanted):
        yield Notice("?", path, "in SSM, not in the manifest; left alone")


def _warnings(facts: Facts) -> tuple[str, ...]:
    if facts.service is not None and facts.recorded is None:
        return ("no release is recorded for this service: changes are shown without saying who made them",)
    return ()
