"""A small wish, and a pure AWS that does what a plan says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from deployer.core.change import (
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
from deployer.core.desired import Desired, WantedImage, WantedParameter, managed_roles
from deployer.core.facts import (
    Facts,
    ParameterFact,
    RecordedRelease,
    RepositoryFact,
    RoleFact,
    ServiceFact,
)
from deployer.core.plan import Plan
from deployer.core.release import Release
from deployer.core.service import HealthCheck, Scaling, ServiceSpec
from deployer.manifest.model import Roles

ROOT = "/app-runtime/demo/staging"
ACCOUNT, REGION = "123456789012", "us-west-2"


def parameter(name: str, value: str | None, origin: str = "") -> WantedParameter:
    variable = name.upper().replace("-", "_")
    return WantedParameter(name, f"{ROOT}/{name}", variable, value, origin, "", f"staging.yaml:{len(name)}")


def wish(*parameters: WantedParameter, digest: str | None = "sha256:aaa") -> Desired:
    roles = Roles(access="AccessRole", instance="InstanceRole", managed=True)
    spec = ServiceSpec(
        image="",
        port=8001,
        cpu=1024,
        memory=2048,
        access_role="arn:aws:iam::123456789012:role/AccessRole",
        instance_role="arn:aws:iam::123456789012:role/InstanceRole",
        health_check=HealthCheck("HTTP", "/", 5, 2, 1, 5),
        scaling=Scaling(1, 25, 100),
        auto_deployments=False,
        environment={},
        secrets={p.variable: p.path for p in parameters},
    )
    return Desired(
        app="demo",
        environment="staging",
        account=ACCOUNT,
        region=REGION,
        local=False,
        parameter_path=ROOT,
        parameters=parameters,
        plain={"META_GRAPH_URL": "https://graph.facebook.com"},
        image=WantedImage("demo", "c0ffee", digest, 30),
        roles=managed_roles(roles, ACCOUNT, REGION, "demo", ROOT),
        service_name="demo-staging",
        spec=spec,
        manifest_sha="m",
        lines={"image": "staging.yaml:10", "service": "staging.yaml:14"},
    )


EMPTY = Facts(
    account=ACCOUNT,
    region=REGION,
    parameters={},
    repository=None,
    image_digest=None,
    roles={},
    scaling_arn=None,
    service=None,
    recorded=None,
)


def carry_out(plan: Plan, facts: Facts, desired: Desired, *, healthy: bool = True) -> Facts:
    """The facts after the plan: what AWS would hold, with no AWS."""
    for change in plan.changes:
        match change:
            case CreateRepository():
                facts = replace(facts, repository=RepositoryFact("uri", True, True, None))
            case MendRepository():
                assert facts.repository
                facts = replace(facts, repository=replace(facts.repository, immutable=True, scan_on_push=True))
            case PutLifecycle():
                assert facts.repository
                facts = replace(facts, repository=replace(facts.repository, lifecycle=change.policy))
            case PushImage():
                facts = replace(facts, image_digest=change.digest)
            case PutRole():
                role = RoleFact("arn", change.role.trust, change.role.policy)
                facts = replace(facts, roles={**facts.roles, change.role.name: role})
            case PutParameter():
                wanted = change.parameter
                fact = ParameterFact(wanted.secure, change.version, wanted.value)
                facts = replace(facts, parameters={**facts.parameters, wanted.path: fact})
            case CreateScaling():
                facts = replace(facts, scaling_arn="scaling")
            case DeployService() if healthy:
                facts = replace(facts, service=ServiceFact("arn", "url", "RUNNING", change.spec))
            case DeployService() | RecordRelease():
                pass
    if healthy and (plan.deployment or any(isinstance(c, RecordRelease) for c in plan.changes)):
        number = facts.recorded.number + 1 if facts.recorded else 1
        facts = replace(facts, recorded=RecordedRelease(number, record(plan, desired)))
    return facts


def record(plan: Plan, desired: Desired) -> Release:
    literals = {p.variable: p.value for p in desired.parameters if p.value is not None}
    return Release(
        id=plan.release,
        outcome="healthy",
        image=plan.image,
        tag="",
        literals=literals,
        versions=plan.versions,
        settings=desired.spec.settings(),
        manifest="",
        operation="",
        who="",
        when="",
        seconds=0,
    )


@pytest.fixture(name="parameter")
def parameter_fixture() -> Callable[..., WantedParameter]:
    return parameter


@pytest.fixture(name="wish")
def wish_fixture() -> Callable[..., Desired]:
    return wish


@pytest.fixture(name="carry_out")
def carry_out_fixture() -> Callable[..., Facts]:
    return carry_out


@pytest.fixture
def empty() -> Facts:
    return EMPTY
