"""Ask a table about the inbox in it, with the service's own command in a process of this machine.

The command gets the credentials of this session in its environment, never as arguments, and no secret of the service.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec import Struct

from deployer.aws.session import Session
from deployer.core.inbox import DeadReport, InboxReport, ReplayReport, Report, parse_report, reported_error
from deployer.core.readiness import plain
from deployer.errors import Blocked, DeployerError
from deployer.names import variable

SECONDS: Final = 300.0
MISSING_PACKAGE: Final = "ModuleNotFoundError"
READS: Final = ("dynamodb:Query", "dynamodb:GetItem")
WRITES: Final = ("dynamodb:UpdateItem", "dynamodb:DeleteItem")


class InboxTable(Struct, frozen=True):
    """The inbox at an `address`, which the service gets in a variable. `command` runs below `root`."""

    address: str
    variable: str
    command: tuple[str, ...]
    root: Path
    session: Session
    environment: str

    def count(self) -> InboxReport:
        """Count the messages that wait. Raises DeployerError, as all three do."""
        return self._run(InboxReport, "inbox")

    def list_dead(self, limit: int | None = None) -> DeadReport:
        """List the dead letters; `limit` of the newest at most."""
        return self._run(DeadReport, "dead", *(() if limit is None else ("--limit", str(limit))))

    def replay(self, ids: Sequence[str], instance: str) -> ReplayReport:
        """Queue these dead letters again."""
        del instance  # all instances share the table
        return self._run(ReplayReport, "replay", "--", *ids)

    def _run(self, kind: type[Report], verb: str, *arguments: str) -> Report:
        first, *rest = self.command
        program = sys.executable if first in {"python", "python3"} else first
        try:
            done = subprocess.run(
                [program, *rest, verb, "--json", *arguments],
                cwd=self.root,
                env=self._env_vars(),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            why = getattr(error, "strerror", None) or type(error).__name__
            raise DeployerError(
                f"the service's command for the inbox cannot be run: {first}",
                why=why,
                fix="correct inbox.command in deployer.yaml, or install the service on this machine",
            ) from None
        report = parse_report(done.stdout, kind)
        if report is None:
            raise self._error(reported_error(done.stdout), done.stderr, verb)
        return report

    def _env_vars(self) -> dict[str, str]:
        """Nothing of this process but its path: no profile or variable of the user leads to another AWS."""
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            variable(self.variable): self.address,
            **self.session.credential_variables("dynamodb"),
        }

    def _error(self, reported: str, written: bytes, verb: str) -> DeployerError:
        name = self.environment
        if reported == "ResourceNotFoundException":
            return Blocked(f"there is no table at {self.address}", fix=f"just reconcile {name}")
        if reported == "AccessDeniedException":
            needs = READS + WRITES if verb == "replay" else READS
            return DeployerError(
                f"these credentials may not use the inbox {self.address}",
                why=reported,
                fix=f"allow {', '.join(needs)} on the table and its index, or use other credentials; "
                f"just bootstrap {name} --print shows the policy",
            )
        if reported:
            return DeployerError(
                f"the inbox {self.address} cannot be used", why=reported, fix=f"see the service: just status {name}"
            )
        return DeployerError(
            "the service's command for the inbox returned no report",
            why=_last_error(written.decode(errors="replace")),
            fix="correct inbox.command in deployer.yaml, or install the service on this machine",
        )


def _last_error(written: str) -> str:
    """The last error that the command wrote, without its text, which may hold a user's; "" for none.

    A missing package is named.
    """
    line = (written.strip().splitlines() or [""])[-1]
    kind = line.partition(":")[0]
    if not kind.replace(".", "").isidentifier():
        return ""
    return plain(line) if kind == MISSING_PACKAGE else kind
