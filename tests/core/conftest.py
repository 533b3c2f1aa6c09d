"""A small desired state, and a pure AWS that does what a plan says."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from deployer.core.desired import Desired, DesiredImage, DesiredParameter
from deployer.core.hold import Hold, after_rollback
from deployer.core.observed import (
    Observed,
    ObservedImage,
    ObservedParameter,
    ObservedRepository,
    ObservedRole,
    ObservedService,
    ScalingRevision,
)
from deployer.core.release import RecordedRelease
from deployer.core.service import Scaling
from deployer.core.target import ServiceStatus
from deployer.resources.dynamodb_table.change import ChangeTable, CreateTable
from deployer.resources.dynamodb_table.state import KIND, ObservedTable
from deployer.resources.ecr_repository.change import (
    ChangeRepository,
    CreateRepository,
    KeepImage,
    PushImage,
    PutLifecycle,
)
from deployer.resources.hold.change import LiftHold, PlaceHold
from deployer.resources.iam_roles.change import PutRole
from deployer.resources.iam_roles.desired import managed_roles
from deployer.resources.plan import Plan
from deployer.resources.record import make_record
from deployer.resources.service.change import (
    CreateScaling,
    DeployService,
    PauseService,
    RecordRelease,
    ResumeService,
    ServiceVariable,
    TagService,
)
from deployer.resources.service.pause import BY_MANIFEST, BY_NOBODY, TAG
from deployer.resources.ssm_parameters.change import AdoptParameter, DeleteParameter, PutParameter, RecreateParameter
from deployer.resources.unions import Change
from deployer.targets.apprunner.description import APP_RUNNER
from deployer.targets.apprunner.settings import HealthCheck, ServiceSettings

TAGS = {"managed-by": "deployer", "app": "demo", "environment": "staging"}
ROOT = "/app-runtime/demo/staging"
ACCOUNT, REGION = "123456789012", "us-west-2"


def parameter(name: str, value: str | None, origin: str = "") -> DesiredParameter:
    variable = name.upper().replace("-", "_")
    return DesiredParameter(name, f"{ROOT}/{name}", variable, value, origin, "", f"staging.yaml:{len(name)}")


def make_desired(*parameters: DesiredParameter, digest: str | None = "sha256:aaa") -> Desired:
    settings = ServiceSettings(
        port=8001,
        cpu=1024,
        memory=2048,
        access_role="arn:aws:iam::123456789012:role/AccessRole",
        instance_role="arn:aws:iam::123456789012:role/InstanceRole",
        health_check=HealthCheck("HTTP", "/", 5, 2, 1, 5),
        scaling=Scaling(1, 25, 100),
        auto_deployments=False,
    )
    made = Desired(
        target=APP_RUNNER,
        app="demo",
        environment="staging",
        account=ACCOUNT,
        region=REGION,
        parameter_path=ROOT,
        parameters=parameters,
        plain={"META_GRAPH_URL": "https://graph.facebook.com"},
        image=DesiredImage("demo", "c0ffee", digest, 30, here=digest is not None),
        roles=(),
        service_name="demo-staging",
        settings=settings,
        on_unhealthy="rollback",
        manifest_sha="m",
        lines={
            "image": "staging.yaml:10",
            "service": "staging.yaml:14",
            "paused": "staging.yaml:14",
            "variables": "staging.yaml:20",
        },
    )
    return replace(made, roles=managed_roles(made))


EMPTY = Observed(
    account=ACCOUNT,
    region=REGION,
    parameters={},
    repository=None,
    image=None,
    roles={},
    scalings=(),
    service=None,
    releases=(),
)


def carry_out(plan: Plan, observed: Observed, desired: Desired, *, healthy: bool = True) -> Observed:
    """The state after the plan: what AWS would hold, with no AWS."""
    for change in plan.changes:
        observed = _after(change, observed, healthy=healthy)
    deployed = plan.deployment is not None
    if deployed or any(isinstance(c, RecordRelease) for c in plan.changes):
        observed = replace(observed, releases=(*observed.releases, recorded(plan, observed, desired, healthy=healthy)))
    return observed


def _after(change: Change, observed: Observed, *, healthy: bool) -> Observed:
    match change:
        case CreateRepository():
            return replace(observed, repository=ObservedRepository("uri", True, True, None))
        case ChangeRepository():
            assert observed.repository
            return replace(observed, repository=replace(observed.repository, immutable=True, scan_on_push=True))
        case PutLifecycle():
            assert observed.repository
            return replace(observed, repository=replace(observed.repository, lifecycle=change.policy))
        case PushImage():
            return replace(observed, image=ObservedImage(change.digest, (change.image.tag,)))
        case KeepImage():
            assert observed.image
            return replace(observed, image=replace(observed.image, tags=(*observed.image.tags, change.tag)))
        case CreateTable() | ChangeTable():
            table = change.table
            protected = table.deletion_protection
            made = ObservedTable(
                "arn", "ACTIVE", table.shape, deletion_protection=protected, expires=table.expires, tags=table.tags
            )
            return replace(observed, resources={**observed.resources, KIND: made})
        case PutRole():
            role = ObservedRole("arn", change.role.trust, change.role.policy)
            return replace(observed, roles={**observed.roles, change.role.name: role})
        case PutParameter():
            desired = change.parameter
            parameter = ObservedParameter(desired.secure, change.version, desired.value, desired.description or "")
            return replace(observed, parameters={**observed.parameters, desired.path: parameter})
        case RecreateParameter():
            desired = change.parameter
            parameter = ObservedParameter(desired.secure, change.version, desired.value, desired.description or "")
            return replace(observed, parameters={**observed.parameters, desired.path: parameter})
        case AdoptParameter():
            path = change.parameter.path
            return replace(
                observed, parameters={**observed.parameters, path: replace(observed.parameters[path], ours=True)}
            )
        case DeleteParameter():
            return replace(observed, parameters={p: f for p, f in observed.parameters.items() if p != change.path})
        case CreateScaling():
            kept = tuple(r for r in observed.scalings if r.arn != change.replaces)
            return replace(
                observed, scalings=(*kept, ScalingRevision(f"scaling-{change.scaling}", change.scaling, True))
            )
        case TagService():
            assert observed.service
            return replace(observed, service=replace(observed.service, tags={**observed.service.tags, **change.tags}))
        case DeployService() if healthy:
            tags = observed.service.tags if observed.service else TAGS
            return replace(observed, service=ObservedService("arn", "url", ServiceStatus.RUNNING, change.spec, tags))
        case PauseService():
            return _turned(observed, ServiceStatus.PAUSED, BY_MANIFEST)
        case ResumeService():
            return _turned(observed, ServiceStatus.RUNNING, BY_NOBODY)
        case PlaceHold():
            new = Hold("0f", "rollback", "arn:aws:iam::123456789012:user/amir", "2026-11-01T09:00:00+00:00", "")
            return replace(observed, hold=after_rollback(change.old, change.sources, change.refused, new))
        case LiftHold():
            return replace(observed, hold=None)
        case DeployService() | RecordRelease() | ServiceVariable():
            return observed


def _turned(observed: Observed, status: ServiceStatus, tag: str) -> Observed:
    assert observed.service
    tags = {**observed.service.tags, TAG: tag}
    return replace(observed, service=replace(observed.service, status=status, tags=tags))


def recorded(plan: Plan, observed: Observed, desired: Desired, *, healthy: bool) -> RecordedRelease:
    number = observed.releases[-1].number + 1 if observed.releases else 1
    outcome = "healthy" if healthy else "failed"
    release = make_record(
        desired,
        plan,
        outcome=outcome,
        operation="o",
        who="arn:aws:iam::123456789012:user/amir",
        when="2026-11-01T09:00:00+00:00",
        seconds=240,
    )
    return RecordedRelease(number, release)


@pytest.fixture(name="parameter")
def parameter_fixture() -> Callable[..., DesiredParameter]:
    return parameter


@pytest.fixture(name="make_desired")
def make_desired_fixture() -> Callable[..., Desired]:
    return make_desired


@pytest.fixture(name="carry_out")
def carry_out_fixture() -> Callable[..., Observed]:
    return carry_out


@pytest.fixture
def empty() -> Observed:
    return EMPTY
