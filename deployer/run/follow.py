"""Follow an operation to its end: its events as they come, and the cause when it fails."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from deployer.aws import logs
from deployer.aws.session import Session
from deployer.core.secret import SecretValue
from deployer.run.wait import wait
from deployer.targets.base import Progress, Started, Target
from deployer.view.progress import Reporter

LOG_LINES = 20
CLOCKS_APART = 5  # seconds that this machine's clock may be ahead of the platform's


@dataclass(frozen=True)
class Follower:
    """`made` are secrets that this run has written: they are taken out of every log line."""

    session: Session
    target: Target
    report: Reporter
    fastest: float
    made: Sequence[SecretValue] = field(default_factory=list)

    def follow(self, started: Started, since: float) -> Progress:
        """Wait for the end, telling each event once. `since` is seconds since 1970."""
        places, told = self.target.logs(started), set[str]()

        def tell() -> None:
            for line in self._lines(places.platform, since, places.streams):
                if line not in told:
                    told.add(line)
                    self.report.step("", line.removeprefix("[AppRunner] "))

        self.report.step("deploy", f"operation {started.operation}")
        progress = wait(self.target, started, fastest=self.fastest, tell=tell)
        tell()
        return progress

    def cause(self, started: Started, since: float) -> str:
        """The application's last lines, or else the platform's."""
        places = self.target.logs(started)
        lines = self._lines(places.application, since) or self._lines(places.platform, since)
        if not lines:
            return "neither the service nor App Runner wrote a line about it"
        return "\n       ".join(["last log lines:", *lines[-LOG_LINES:]])

    def _lines(self, group: str, since: float, streams: str = "") -> list[str]:
        start = int((since - CLOCKS_APART) * 1000)
        return [self._clean(line) for line in logs.since(self.session.logs, group, start, prefix=streams)]

    def _clean(self, line: str) -> str:
        for value in self.made:
            line = line.replace(value.reveal(), "<secret>")
        return line
