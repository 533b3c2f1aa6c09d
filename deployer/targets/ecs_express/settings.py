"""The settings of a service on ECS Express Mode. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import fields as fields_of
from msgspec.structs import replace

from deployer.core.desired import Desired
from deployer.core.service import Scaling, ServiceSpec
from deployer.targets.ecs_express import manifest

AMD64: Final = "X86_64"


class Tasks(Struct, frozen=True, omit_defaults=True):
    """How many tasks run. ECS keeps the average of `metric` at `target`: percent, or requests per task and minute."""

    min: int
    max: int
    metric: str = "AVERAGE_CPU"
    target: int = 60


class Network(Struct, frozen=True, omit_defaults=True):
    """The ids of the tasks' subnets and security groups, sorted, without the groups that ECS manages."""

    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()


class Rollout(Struct, frozen=True, omit_defaults=True):
    """How long two releases serve side by side; None where the manifest does not say.

    No call of Express Mode reports it, so that it is recorded and never compared with a live service.
    """

    bake_minutes: int | None = None
    canary_percent: int | None = None


class ServiceSettings(Struct, frozen=True, omit_defaults=True):
    """Every setting of a service on ECS Express Mode except its image and its variables.

    `cpu` is in units (1024 = 1 vCPU), `memory` in MiB; roles are ARNs. The infrastructure role is not here: only a new
    service takes it. `command` replaces the image's own command, "" when it does not. `network` and `rollout` are
    None where the manifest does not name them: then the deployer leaves them as they are. ECS fills a network that was
    left out with the default VPC, so that such a network counts as AWS's default.
    """

    port: int
    cpu: int
    memory: int
    execution_role: str
    task_role: str
    health_path: str
    tasks: Tasks
    command: str = ""
    network: Network | None = None
    rollout: Rollout | None = None
    architecture: str = AMD64

    @property
    def probe_path(self) -> str:
        return self.health_path

    @property
    def role_names(self) -> tuple[str, ...]:
        return tuple(arn.rpartition("/")[2] for arn in (self.execution_role, self.task_role))

    @property
    def scaling(self) -> Scaling | None:
        """None: the service holds its scaling itself."""
        return None

    @property
    def auto_deployments(self) -> bool:
        """ECS deploys nothing by itself."""
        return False

    @property
    def named(self) -> frozenset[str]:
        return frozenset({"network"} if self.network is not None else ())

    def left_out(self, live: ServiceSettings) -> dict[str, str]:
        """Nothing: a network that the manifest does not name looks like that of the default VPC."""
        del live
        return {}

    def over(self, live: ServiceSettings) -> ServiceSettings:
        network = live.network if self.network is None else self.network
        return replace(self, network=network, rollout=live.rollout)

    def words(self) -> dict[str, str]:
        return {
            "port": str(self.port),
            "cpu": f"{self.cpu / 1024:g} vCPU",
            "memory": f"{self.memory / 1024:g} GB",
            "execution_role": self.execution_role,
            "task_role": self.task_role,
            "health_check.path": self.health_path,
            **{f"scaling.{field.name}": str(getattr(self.tasks, field.name)) for field in fields_of(Tasks)},
            "command": self.command,
            **(_network_text(self.network) if self.network else {}),
            **({"deployment": _rollout_text(self.rollout)} if self.rollout else {}),
            "architecture": self.architecture,
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> ServiceSettings:
        """The reverse of `msgspec.to_builtins`. Raises TypeError if a setting without default is missing.

        Settings that only a newer version of the deployer knows are left out.
        """
        groups: dict[str, type[Struct]] = {"tasks": Tasks, "network": Network, "rollout": Rollout}
        known = _known(cls, fields)
        made = {name: kind(**_known(kind, known[name])) for name, kind in groups.items() if known.get(name) is not None}
        return cls(**{**known, **made})


def _known(kind: type[Struct], given: Mapping[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields_of(kind)}
    return {name: tuple(value) if isinstance(value, list) else value for name, value in given.items() if name in names}


def _network_text(network: Network) -> dict[str, str]:
    return {
        "network.subnets": ", ".join(network.subnets),
        "network.security_groups": ", ".join(network.security_groups) or "only that of ECS",
    }


def _rollout_text(rollout: Rollout) -> str:
    bake = [f"{rollout.bake_minutes} minutes each"] if rollout.bake_minutes is not None else []
    share = [f"{rollout.canary_percent} % first"] if rollout.canary_percent is not None else []
    return ", ".join([*share, *bake]) or "as it is"


def of_ecs_express(service: ServiceSpec | Desired) -> ServiceSettings:
    """The settings of a service on ECS Express Mode."""
    assert isinstance(service.settings, ServiceSettings)
    return service.settings


def desired_settings(section: manifest.Service, account: str) -> ServiceSettings:
    """What a service of this section is deployed with, its roles by the ARNs that they have in an account."""
    role_arn = f"arn:aws:iam::{account}:role/"
    rollout = section.deployment
    return ServiceSettings(
        port=section.port,
        cpu=section.cpu_units,
        memory=section.memory_mb,
        execution_role=role_arn + section.roles.execution,
        task_role=role_arn + section.roles.task,
        health_path=section.health_check.path,
        tasks=_tasks(section.scaling),
        command=command_text(split_command(section.command)),
        network=_network(section.network) if section.network else None,
        rollout=Rollout(rollout.bake_minutes, rollout.canary_percent) if rollout else None,
    )


def _tasks(scaling: manifest.Scaling) -> Tasks:
    """The default of the target is that of the ECS developer guide."""
    return Tasks(scaling.min, scaling.max, scaling.metric, scaling.target or 60)


def _network(network: manifest.Network) -> Network:
    return Network(tuple(sorted(set(network.subnets))), tuple(sorted(set(network.security_groups))))


def split_command(command: str) -> list[str]:
    """A command as a list: ECS starts it without a shell."""
    return shlex.split(command)


def command_text(words: list[str]) -> str:
    """The command with these words, always quoted in the same way, so that == compares commands."""
    return shlex.join(words)
