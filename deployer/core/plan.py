"""The plan: what will change, why, and what stands in the way. It can be shown and saved; it holds no secret."""

from __future__ import annotations

from dataclasses import dataclass

from deployer.core.change import Change, DeployService

PLAN_VERSION = 1


@dataclass(frozen=True)
class Blocker:
    """Something that must be mended before the plan can be applied, and the command that mends it."""

    what: str
    fix: str
    line: str = ""


@dataclass(frozen=True)
class Notice:
    """A line that is no change of its own: "!" waits for the deployment, "?" is left alone."""

    symbol: str
    address: str
    detail: str
    line: str = ""


@dataclass(frozen=True)
class Plan:
    """Everything a person or a program needs to say yes.

    `changes` are in the order they are applied; `release` is the id the service will report, `image` what it will run
    by digest, and `versions` the parameter versions it will hold, by variable.
    """

    app: str
    environment: str
    account: str
    region: str
    live_number: int | None
    release: str
    image: str
    versions: dict[str, int]
    changes: tuple[Change, ...]
    notices: tuple[Notice, ...]
    blockers: tuple[Blocker, ...]
    warnings: tuple[str, ...]
    unchanged: int

    @property
    def empty(self) -> bool:
        """Nothing to do."""
        return not self.changes and not self.blockers

    @property
    def deployment(self) -> DeployService | None:
        """The deployment this plan needs, if any."""
        return next((change for change in self.changes if isinstance(change, DeployService)), None)

    def counts(self) -> tuple[int, int]:
        """How many things are added and how many are changed."""
        symbols = [change.symbol for change in self.changes]
        return symbols.count("+"), symbols.count("~")

    def to_dict(self) -> dict[str, object]:
        """The plan for programs; `format` grows when a field changes its meaning."""
        add, change = self.counts()
        return {
            "format": PLAN_VERSION,
            "app": self.app,
            "environment": self.environment,
            "account": self.account,
            "region": self.region,
            "live_release": self.live_number,
            "release": self.release,
            "image": self.image,
            "deployment": self.deployment is not None,
            "summary": {"add": add, "change": change, "unchanged": self.unchanged},
            "changes": [
                {
                    "kind": type(c).__name__,
                    "symbol": c.symbol,
                    "address": c.address,
                    "detail": c.detail,
                    "reason": c.reason,
                    "line": c.line,
                }
                for c in self.changes
            ],
            "notices": [vars(notice) for notice in self.notices],
            "blockers": [vars(blocker) for blocker in self.blockers],
            "warnings": list(self.warnings),
        }
