"""The description of a compute platform: its texts, its roles and the rights it needs. Pure.

Each target describes itself in its own folder below deployer/targets. Plans, documents and tests read the description
that a manifest chooses, never a target's name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from deployer.core.blocker import TargetBlocker
from deployer.core.costs import Costs
from deployer.core.policies.rights import Right
from deployer.core.service import ServiceSpec, Settings
from deployer.manifest.size import Size

if TYPE_CHECKING:
    from deployer.core.adoption.expected import Expectation
    from deployer.core.adoption.live import Live
    from deployer.core.desired import Desired
    from deployer.core.observed import Observed, ObservedService

Call: TypeAlias = tuple[str, dict[str, Any]]  # a call such as "ssm:PutParameter", and the parameters that name things
Grant: TypeAlias = tuple[tuple[str, ...], tuple[str, ...]]  # actions, and the resources that each of them is for


class ServiceStatus(StrEnum):
    """The status of a service in plans and documents. A target translates its own statuses into these."""

    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    BUSY = "OPERATION_IN_PROGRESS"
    CREATE_FAILED = "CREATE_FAILED"
    DELETE_FAILED = "DELETE_FAILED"
    GONE = "DELETED"


class ServiceRole(Struct, frozen=True):
    """A role that the target assumes. `use` is its key in the manifest, `service` the AWS service that assumes it.

    `grants` is what every deployment needs of it, `policy` the least policy that the deployer writes for it as parsed
    JSON. `shared` is the consequence when another environment uses the role too, as text.
    """

    use: str
    arn: str
    service: str
    grants: tuple[Grant, ...]
    policy: object
    shared: str

    @property
    def name(self) -> str:
        return self.arn.rpartition("/")[2]


class TargetRights(Struct, frozen=True):
    """The rights that credentials need for a target.

    `calls` gives the IAM actions that each call needs. `reads`, `changes` and `turns` are the calls that read a
    service, that create and update it, and that pause, resume and restart it. `passed_to` are the AWS services that get
    the roles, `linked` the role that AWS creates for an account's first service, as a pattern of its ARN.
    """

    calls: Mapping[str, tuple[Right, ...]]
    reads: Callable[[Desired], Iterable[Call]]
    changes: Callable[[Desired], Iterable[Call]]
    turns: Callable[[Desired], Iterable[Call]]
    passed_to: tuple[str, ...]
    linked: str


class SecretsRead(StrEnum):
    """When the platform reads the parameters that variables refer to."""

    DEPLOYMENT = "deployment"  # all instances of a release hold the values at its deployment
    CONTAINER_START = "every container start"  # instances of one release may hold different values


class FoundBy(StrEnum):
    """How the deployment that a call has started is found again."""

    OPERATION_ID = "operation id"  # the call returns it
    TARGET_REVISION = "target revision"  # the call returns the revision that is deployed, and deployments name theirs


class Capabilities(Struct, frozen=True):
    """What a target can do, and how. Plans, documents and tests read this table.

    - `image_platform`: the only platform whose images it runs.
    - `roles`: the roles that it assumes, by their keys in the manifest.
    - `deployments_found_by`: how the deployment that a call has started is found again.
    - `one_operation_at_a_time`: it refuses a second operation while one is under way.
    - `cancel`: an operation that is under way can be stopped, in the platform's console.
    - `secrets_read_at`: when it reads parameters. At every container start, a parameter that was written since the
      release already reaches new containers, and one that is deleted stops them.
    - `pause`: a service can be stopped and started again without another release.
    - `updates_while_paused`: a deployment reaches a paused service, and starts it.
    - `scaling_revisions`: how many revisions it keeps of immutable scaling resources; 0 where the service holds its
      scaling itself.
    - `concurrency`: a service limits the requests that an instance takes at once.
    - `tcp_health_check`: a health check can only connect, without a request.
    - `logs_by_instance`: each instance writes a log stream of its own.
    - `automatic_deployments`: a pushed image can be deployed without the deployer.
    - `encryption_key`: a service can be encrypted with a key of the account.
    - `observability`: requests can be traced.
    - `throttles_idle`: an instance has no processor while no request is in flight.
    """

    image_platform: str
    roles: tuple[str, ...]
    deployments_found_by: FoundBy
    one_operation_at_a_time: bool
    cancel: bool
    secrets_read_at: SecretsRead
    pause: bool
    updates_while_paused: bool
    scaling_revisions: int
    concurrency: bool
    tcp_health_check: bool
    logs_by_instance: bool
    automatic_deployments: bool
    encryption_key: bool
    observability: bool
    throttles_idle: bool

    @property
    def secrets_at_start(self) -> bool:
        """Whether every container reads parameters when it starts."""
        return self.secrets_read_at is SecretsRead.CONTAINER_START


class Commands(Struct, frozen=True):
    """AWS CLI commands that a fix shows. `untag` has `{arn}` for the service's ARN.

    `list_scaling` is "" for a target without scaling revisions.
    """

    untag: str
    list_scaling: str = ""


class Adoption(Struct, frozen=True):
    """How the manifest of a service that exists is written.

    `name` is the pattern of a service's name. `refuse` raises Blocked for a service that no manifest can describe.
    `section` are the lines of its section below target and name. The first plan creates what is `expected`, and its
    deployment removes what is `removed`.
    """

    name: str
    refuse: Callable[[str, ServiceSpec], None]
    section: Callable[[ObservedService], Iterable[str]]
    expected: Callable[[Live], Iterable[Expectation]]
    removed: Callable[[Live], Iterable[Expectation]]


class Description(Struct, frozen=True):
    """The description of one target. `title` is its name for people, `aws_service` the name of its API in botocore.

    `log_groups` is where a service and its target write logs: `{service}` is replaced by the service's name, and the
    pattern for all groups adds `/*` where it does not end in `*`. `settings` reads the manifest's section, for an
    account, and `read_settings` the settings in a record. It raises TypeError if a setting without default is missing.
    `fixed` names the settings that it takes only when it creates a service, each with its default as a manifest writes
    it. `adoption` loads what only `adopt` needs. `costs` calculates what a service of a size costs at least. `blockers`
    are what blocks a plan on this target only, and `describe_blocker` gives the text of one: the problem and its fix.
    """

    name: str
    title: str
    aws_service: str
    log_groups: str
    capabilities: Capabilities
    commands: Commands
    settings: Callable[[Any, str], Settings]
    read_settings: Callable[[Mapping[str, Any]], Settings]
    roles: Callable[[Desired], tuple[ServiceRole, ...]]
    rights: TargetRights
    adoption: Callable[[], Adoption]
    costs: Callable[[Size], Costs]
    fixed: Mapping[str, str]
    blockers: Callable[[Desired, Observed], Iterable[TargetBlocker]]
    describe_blocker: Callable[[TargetBlocker], tuple[str, str]]
