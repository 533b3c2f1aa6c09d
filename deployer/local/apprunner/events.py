"""The two logs that App Runner itself writes for a service (developer guide, "Viewing App Runner logs")."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.local.apprunner.state import Operation, Service
from deployer.local.compute.logs import LogShipper


@dataclass(frozen=True)
class Journal:
    """Writes the logs: `event` to the service's event stream, `step` to the stream of one deployment."""

    logs: LogShipper
    group: str
    operation_id: str

    @classmethod
    def of(cls, logs: LogShipper, service: Service, operation: Operation) -> Journal:
        return cls(logs, service.log_group, operation.id)

    def event(self, text: str) -> None:
        self.logs.put(f"{self.group}/service", "events", f"[AppRunner] {text}")

    def step(self, text: str) -> None:
        self.logs.put(f"{self.group}/service", f"deployment/{self.operation_id}", f"[AppRunner] {text}")

    def output(self, instance: str, line: str) -> None:
        self.logs.put(f"{self.group}/application", f"instance/{instance}", line)
