"""The pretend platform, as far as it is known without asking it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict

from deployer import names
from deployer.core.costs import Cost, Costs
from deployer.core.desired import Desired
from deployer.core.policies.documents import allow, policy
from deployer.core.service import Scaling, ServiceSpec
from deployer.core.target import (
    Adoption,
    Capabilities,
    Commands,
    Description,
    FoundBy,
    SecretsRead,
    ServiceRole,
    TargetRights,
)
from deployer.errors import Blocked
from tests.targets.pretend.blocker import describe_blocker, plan_blockers
from tests.targets.pretend.manifest import NAME, TITLE, Service

TASKS: Final = "tasks.test-platform.amazonaws.com"


class Settings(Struct, frozen=True, omit_defaults=True):
    """Every setting of a service on the pretend platform except its image and its variables."""

    size: str
    port: int
    health_path: str
    least: int
    most: int
    execution_role: str
    task_role: str

    @property
    def command(self) -> str:
        return ""

    @property
    def probe_path(self) -> str:
        return self.health_path

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(arn.rpartition("/")[2] for arn in (self.execution_role, self.task_role))

    @property
    def scaling(self) -> Scaling | None:
        return None

    @property
    def auto_deployments(self) -> bool:
        return False

    @property
    def named(self) -> frozenset[str]:
        return frozenset()

    def over(self, live: Any) -> Settings:
        """Every setting is in each manifest, so nothing of `live` is kept."""
        del live
        return self

    def left_out(self, live: Any) -> dict[str, str]:
        del live
        return {}

    def words(self) -> dict[str, str]:
        return {name: str(value) for name, value in asdict(self).items()}


def settings(section: Service, account: str) -> Settings:
    role = f"arn:aws:iam::{account}:role/"
    return Settings(
        section.size,
        section.port,
        section.health_path,
        section.tasks.least,
        section.tasks.most,
        role + section.roles.execution,
        role + section.roles.task,
    )


def read_settings(fields: Mapping[str, Any]) -> Settings:
    return Settings(**{name: value for name, value in fields.items() if name in Settings.__struct_fields__})


def roles(desired: Desired) -> tuple[ServiceRole, ...]:
    found = desired.settings
    assert isinstance(found, Settings)
    below = names.ssm_root(desired.parameter_path, desired.region, desired.account) + "*"
    read = ("ssm:GetParameters",)
    grants = ((read, tuple(desired.secrets.values())),)
    return (
        ServiceRole("execution", found.execution_role, TASKS, grants, policy(allow(read, below)), "reads both"),
        ServiceRole("task", found.task_role, TASKS, (), policy(allow(("s3:ListAllMyBuckets",), "*")), "runs both"),
    )


def _refuse(name: str, spec: ServiceSpec) -> None:
    raise Blocked(f"service {name} is on {TITLE}, which has no adoption", why=str(spec.image), fix="write a manifest")


TEST_PLATFORM: Final = Description(
    name=NAME,
    title=TITLE,
    aws_service="ecs",
    log_groups="/test-platform/{service}",
    capabilities=Capabilities(
        image_platform="linux/amd64",
        roles=("execution", "task"),
        deployments_found_by=FoundBy.TARGET_REVISION,
        one_operation_at_a_time=False,
        cancel=True,
        secrets_read_at=SecretsRead.CONTAINER_START,
        pause=False,
        updates_while_paused=False,
        scaling_revisions=0,
        concurrency=False,
        tcp_health_check=False,
        logs_by_instance=True,
        automatic_deployments=False,
        encryption_key=False,
        observability=False,
        throttles_idle=False,
    ),
    commands=Commands(untag="test-platform untag {arn}"),
    settings=settings,
    read_settings=read_settings,
    roles=roles,
    rights=TargetRights({}, lambda _: (), lambda _: (), lambda _: (), (TASKS,), "arn:aws:iam::{account}:role/none"),
    costs=lambda size: Costs((Cost("tasks", 10.0 * size.instances),), "nothing", "us-west-2", (), "2026-11-29"),
    adoption=lambda: Adoption("[a-z-]{3,60}", _refuse, lambda _: (), lambda _: (), lambda _: ()),
    fixed={"cluster": "default"},
    blockers=plan_blockers,
    describe_blocker=describe_blocker,
)
