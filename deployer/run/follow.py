"""Follow an operation to its end: report its events, and the cause when it fails."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from deployer.aws import logs
from deployer.aws.errors import explain
from deployer.aws.session import Session
from deployer.run.scrub import Scrubber
from deployer.run.wait import wait_for_operation
from deployer.targets.base import Progress, RunningOperation, Target
from deployer.view.progress import Reporter
from deployer.view.safe import without_colours

if TYPE_CHECKING:
    from deployer.run.look import Run

LOG_LINES, EVENT_LINES = 20, 3
CLOCKS_APART = 5  # seconds that this machine's clock may be ahead of the platform's


@dataclass(frozen=True)
class Follower:
    """Follow operations of one environment. Every line is cleaned by the scrubber before it is shown.

    Lines are only for people: where AWS does not give them, that is reported once, and the operation is followed
    anyway.
    """

    session: Session
    target: Target
    report: Reporter
    fastest: float
    scrubber: Scrubber
    unseen: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, run: Run) -> Follower:
        """A follower for the environment of a run."""
        return cls(run.session, run.target, run.report, run.site.poll_seconds, Scrubber.of(run.session, run.desired))

    def follow(self, started: RunningOperation, since: float) -> Progress:
        """Wait for the end, and report each event once. `since` is seconds since 1970."""
        places, printed = self.target.logs(started), set[str]()

        def report_lines() -> None:
            for line in self._said(started, since):
                if line not in printed:
                    printed.add(line)
                    self.report.step("", line.removeprefix(places.mark))

        self.report.step("deploy", f"operation {started.operation}")
        progress = wait_for_operation(self.target, started, fastest=self.fastest, on_poll=report_lines)
        report_lines()
        return progress

    def cause(self, started: RunningOperation, since: float) -> str:
        """Report the last log lines of the platform and of the application."""
        places, title = self.target.logs(started), self.target.description.title
        if not self.scrubber.learn():
            return (
                f"read the log group {places.application}: these credentials may not read the secrets,"
                " so that its lines cannot be shown without them"
            )
        said = self._said(started, since)[-EVENT_LINES:]
        lines = self._lines(places.application, since)[-LOG_LINES:]
        if self.unseen:
            return "\n       ".join([f"read the log group {places.application}", *_under(f"{title}:", said)])
        if not said and not lines:
            return f"neither the service nor {title} wrote a line about it"
        return "\n       ".join([*_under(f"{title}:", said), *_under("last log lines:", lines)])

    def reason(self, started: RunningOperation, since: float) -> str:
        """The cause that the platform names, on one line; "" when it names none. The ledger keeps it."""
        if not self.scrubber.learn():
            return ""
        return self.target.failure_reason(started, self._said(started, since))

    def _said(self, started: RunningOperation, since: float) -> list[str]:
        """The lines of the platform: those of its log, and its events."""
        places = self.target.logs(started)
        lines = self._lines(places.platform, since, places.streams) if places.platform else []
        events = self.target.events(started, since - CLOCKS_APART)
        return [*lines, *self.scrubber.clean([without_colours(event.text) for event in events])]

    def _lines(self, group: str, since: float, streams: str = "") -> list[str]:
        start = int((since - CLOCKS_APART) * 1000)
        try:
            written = logs.since(self.session.logs, group, start, prefix=streams)
        except (ClientError, BotoCoreError) as error:
            what = explain(error).what
            if what not in self.unseen:
                self.unseen.add(what)
                self.report.warn(f"log lines are not shown: {what}")
            return []
        texts = self.scrubber.clean([without_colours(line.text) for line in written])
        return [line for text in texts for line in text.splitlines() if line.strip()]


def _under(title: str, lines: list[str]) -> list[str]:
    return [title, *(f"  {line}" for line in lines)] if lines else []
